// One feature's slot, ?feature=KEY, for preview links: ?parley_preview= is parley.js's.

import { h } from './dom.js';

const feature = new URLSearchParams(location.search).get('feature') ?? '';
document.getElementById('feature').textContent = feature || 'Say which feature: ?feature=KEY';
document.getElementById('slot').append(h('parley-slot', { name: feature, about: new URLSearchParams(location.search).get('about') ?? '' }));
