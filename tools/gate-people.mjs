// The release gate on real people, in full: prints the table that docs/statistics.md shows, and ends with status 1 where a figure is
// outside of its bounds. Passed over, with a word, where the data is not there. usage: PARLEY_BUILD=build node tools/gate-people.mjs [TRIALS]
import { aaTrials, dataIsThere, LOOKS, METRICS } from '../tests/system/aa.mjs';

const trials = Number(process.argv[2] ?? 1000);
let fine = true;

function row(what, figure, low, high, unit = ' %', scale = 100) {
  const holds = figure >= low && figure <= high;
  fine &&= holds;
  const number = (x) => String(Number((x * scale).toPrecision(4)));
  console.log(`| ${what} | ${(figure * scale).toFixed(3)}${unit} | ${number(low)} to ${number(high)} | ${holds ? 'yes' : 'NO'} |`);
}

if (!dataIsThere) {
  console.log('\nThe Online Retail data is not there (PARLEY_SHARED): the gate on real people is left out.');
} else {
  const started = Date.now();
  const found = await aaTrials(trials, (n) => process.stderr.write(`\r${n} of ${trials} trials`));
  process.stderr.write(`\r${Math.round((Date.now() - started) / 1000)} s${' '.repeat(20)}\n`);
  console.log(`\nThe whole pipeline: ${found.trials} A/A trials with fresh salts on the ${found.customers} customers of Online Retail, ${LOOKS} looks over the year.\n`);
  console.log('| what | found | allowed | holds |\n| --- | --- | --- | --- |');
  for (const [key, name] of Object.entries(METRICS)) {
    const m = found.metrics[key];
    row(`${name}: p of the fixed tests, uniform by Kolmogorov-Smirnov`, m.uniform, 0.01, 1, '', 1);
    row(`${name}: fixed test at the end rejects`, m.rejects, 0.029, 0.071);
    row(`${name}: confidence sequence at some of ${LOOKS} looks`, m.ever, 0, 0.05);
    row(`${name}: fixed test at some of ${LOOKS} looks (naive)`, m.naive, 0.1, 0.5);
  }
  row('SRM alarms', found.alarms, 0, 0.005);
  console.log(`\n${fine ? 'The gate is open.' : 'The gate is SHUT.'}`);
}
process.exit(fine ? 0 : 1);
