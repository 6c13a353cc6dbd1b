"""Results as an SVG: one row a workload, how many times the streaming limit each contestant takes, on a log scale."""

import math
from html import escape

COLOURS = {"ours": "#1b6ca8", "numpy": "#999999", "peer": "#d9822b"}
_LEFT, _WIDTH, _ROW, _BAR = 210, 620, 16, 11


def svg(results):
    """Return the picture of ``{workload: {contestant: ratio}}``."""
    top = max((r for row in results.values() for r in row.values()), default=10)
    scale = _WIDTH / math.log10(max(10, top) * 1.1 / _FLOOR)
    lines, y = [], 30
    for workload, row in results.items():
        lines.append(f'<text x="8" y="{y + 4}" font-weight="bold">{escape(workload)}</text>')
        y += _ROW
        for name, ratio in sorted(row.items(), key=lambda item: item[1]):
            length = max(1.0, scale * math.log10(ratio / _FLOOR))
            kind = "ours" if name.startswith("ours") else "numpy" if name == "NumPy" else "peer"
            lines += [f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(name)}</text>',
                      f'<rect x="{_LEFT}" y="{y - 6}" width="{length:.1f}" height="{_BAR}" fill="{COLOURS[kind]}"/>',
                      f'<text x="{_LEFT + length + 4:.1f}" y="{y + 4}">{ratio:.2f}</text>']
            y += _ROW
        y += 8
    one = _LEFT + scale * math.log10(1 / _FLOOR)
    grid = (f'<line x1="{one:.1f}" y1="22" x2="{one:.1f}" y2="{y}" stroke="#c33" stroke-dasharray="3 3"/>'
            f'<text x="{one:.1f}" y="14" text-anchor="middle" fill="#c33">streaming limit</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 60}" height="{y + 10}" '
            f'font-family="sans-serif" font-size="11"><title>Times the streaming limit</title>'
            f'<rect width="100%" height="100%" fill="white"/>{grid}{"".join(lines)}</svg>\n')


_FLOOR = 0.5
