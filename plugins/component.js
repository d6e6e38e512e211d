// What every component of these plugins begins with: it is laid out before the component's own source, in the one file that its bundle
// has and whose bytes the page checks.

/** The page's language, where it is one; a page that says "de_DE" means de-DE. */
const language = (() => {
  try {
    return Intl.getCanonicalLocales(document.documentElement.lang.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
})();

/** Of tables of words, the one in the page's language, else the English one. */
const spoken = (tables) => tables[language?.split('-')[0]] ?? tables.en;

/** An element from its name, properties (not attributes) and children; text stays text. */
function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children.flat().filter(Boolean));
  return node;
}

