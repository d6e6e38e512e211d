// Code blocks of a page of the documentation, so that a test can do what the page says.
import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

// ```language words… → [{ language, words, text }]; indented blocks are no blocks.
export function blocks(file) {
  return [...readFileSync(file, 'utf8').matchAll(/^```(\S+)(.*)\n([\s\S]*?)^```$/gm)]
    .map(([, language, words, text]) => ({ language, words: words.trim(), text }));
}

// Whether all that `told` says is so in `got`: an object may have more members, a list more elements in between.
export function holds(told, got) {
  if (told === null || typeof told !== 'object') return Object.is(told, got);
  if (Array.isArray(told)) {
    let from = 0;
    return Array.isArray(got) && told.every((t) => {
      while (from < got.length && !holds(t, got[from])) from++;
      return from++ < got.length;
    });
  }
  return got !== null && typeof got === 'object' && Object.entries(told).every(([name, t]) => holds(t, got[name]));
}

// Writes the files, applies the diffs, holds excerpts (in=FILE) against their files and runs the shell blocks, in the order of the page, in `folder`. After a shell
// block, `answer` blocks say what its output is: yields { command, output, answer } for each.
export function* perform(file, folder, env) {
  let command = '', output = '';
  for (const { language, words, text } of blocks(file)) {
    const name = /^file=(\S+)$/.exec(words)?.[1], quoted = /^in=(\S+)$/.exec(words)?.[1];
    if (language === 'diff' && name) {
      execFileSync('git', ['apply', '-'], { cwd: folder, input: text });
    } else if (quoted) {
      if (!readFileSync(join(folder, quoted), 'utf8').includes(text)) throw new Error(`this is not in ${quoted} as it stands:\n${text}`);
    } else if (name) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    } else if (language === 'sh' && !words) {
      command = text;
      const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, env: { ...process.env, ...env }, encoding: 'utf8' });
      if (ran.status !== 0) throw new Error(`${text}ended with ${ran.status}\n${ran.stdout}${ran.stderr}`);
      output = ran.stdout;
      yield { command };
    } else if (words === 'answer') {
      yield { command, output, answer: text };
    }
  }
}
