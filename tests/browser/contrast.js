// Every text that is seen, and how well it stands out from what is behind it.
const read = (color) => {
  const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
  return { rgb: [r, g, b], a };
};
const over = (top, below) => top.rgb.map((part, at) => part * top.a + below[at] * (1 - top.a));
const behind = (element) => {
  const layers = [];
  for (let at = element; at instanceof Element; at = at.parentElement) {
    if (at instanceof HTMLElement) layers.push(read(getComputedStyle(at).backgroundColor));
  }
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
const light = (rgb) => {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const found = {};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const text = walker.currentNode.textContent.trim();
  if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
  if (element.closest("script, style, .vh, svg title, svg desc, option")) continue;
  const style = getComputedStyle(element);
  const below = behind(element);
  const ink = read(element.closest("svg") ? style.fill : style.color);
  const [high, low] = [light(over(ink, below)), light(below)].sort((a, b) => b - a);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const ratio = (high + 0.05) / (low + 0.05);
  const name = `${element.closest("[class]")?.getAttribute("class")}/${element.localName}`;
  if (ratio < (large ? 3 : 4.5)) found[name] = `${ratio.toFixed(2)} ${text.slice(0, 40)}`;
  found.seen = (found.seen ?? 0) + 1;
}
return found;
