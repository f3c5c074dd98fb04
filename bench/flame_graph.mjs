// Turns stacks that perf recorded into a picture: an SVG flame graph. Each box is a function, as wide as the share of the
// processor time in which it was on the stack; what it called lies above it. Used by profile.mjs.

const WIDTH = 1200;
const ROW = 17;
const TOP = 40;
const SMALLEST = 0.6; // boxes narrower than so many pixels are left out
const LETTER = 6.3;

const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// Adds one stack (outermost first) with its weight to the tree.
export function addStack(root, frames, weight) {
  let node = root;
  node.weight += weight;
  for (const name of frames) {
    if (!node.children.has(name)) node.children.set(name, { weight: 0, children: new Map() });
    node = node.children.get(name);
    node.weight += weight;
  }
}

export const newTree = () => ({ weight: 0, children: new Map() });

// Warm colours for our code, cold ones for the kernel, green for libraries; the same function always the same.
function colour(name) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 997;
  const spread = hash % 40;
  if (name.endsWith("_[k]")) return `hsl(${205 + (spread % 25)} 55% ${68 + (spread % 12)}%)`;
  if (name.includes("onhand::")) return `hsl(${18 + spread} 85% ${60 + (spread % 10)}%)`;
  return `hsl(${95 + spread} 42% ${66 + (spread % 10)}%)`;
}

function depthOf(node, width, total) {
  let deepest = 0;
  for (const child of node.children.values()) {
    if ((child.weight / total) * width >= SMALLEST) deepest = Math.max(deepest, 1 + depthOf(child, width, total));
  }
  return deepest;
}

// `unit` turns a share (0 to 1) into words for the tool tip.
export function drawFlameGraph(root, title, unit) {
  const height = TOP + (depthOf(root, WIDTH, root.weight) + 1) * ROW + 10;
  const boxes = [];
  const draw = (name, node, x, depth) => {
    const width = (node.weight / root.weight) * WIDTH;
    if (width < SMALLEST) return;
    const y = height - 10 - (depth + 1) * ROW;
    const room = Math.floor((width - 4) / LETTER);
    const plain = name.replace(/_\[k\]$/, "");
    const label = plain.replace(/^onhand::/, "");
    const shown = label.length <= room ? label : room > 3 ? `${label.slice(0, room - 1)}…` : "";
    boxes.push(
      `<g><title>${escape(`${plain}: ${unit(node.weight / root.weight)}`)}</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${colour(name)}"/>` +
        `${shown === "" ? "" : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escape(shown)}</text>`}</g>`,
    );
    let at = x;
    const children = [...node.children.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const [childName, child] of children) {
      draw(childName, child, at, depth + 1);
      at += (child.weight / root.weight) * WIDTH;
    }
  };
  draw("all", root, 0, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10.5">
<rect width="100%" height="100%" fill="#fffdf8"/>
<text x="10" y="24" font-size="15" font-family="sans-serif">${escape(title)}</text>
${boxes.join("\n")}
</svg>
`;
}
