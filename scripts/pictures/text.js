// The text of a picture, in the form in which it is kept beside it: without colours and tags, and
// without what differs each time it is made.
const uuid = /\b(?!6f1c8e02)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g

export function textOfTerminal(shown) {
  // oxlint-disable-next-line no-control-regex -- colours
  return shown.replaceAll(/\u001b\[[0-9;]*m/g, '').replaceAll(uuid, '(random)')
}

export function textOfPage(page) {
  const lines = page
    .replaceAll(/<(style|script)\b.*?<\/\1>/gs, '')
    .replaceAll(/<\/?(code|a|b|strong|em|span|mark)\b[^>]*>/g, '')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(uuid, '(random)')
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
  return `${lines.join('\n')}\n`
}

const colours = {
  30: 'fg',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'pink',
  36: 'cyan',
}

/** A page that shows what a terminal shows. */
export function pageOfTerminal(command, shown) {
  const escaped = shown.trimEnd().replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  // oxlint-disable-next-line no-control-regex -- colours
  const body = escaped.replaceAll(/\u001b\[([0-9;]*)m/g, (_, codes) => tagFor(codes))
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #fff }
    pre { display: inline-block; margin: 0; padding: 20px 28px 24px; border-radius: 10px;
      background: #14181f; color: #d7dde6; font: 15px/1.45 'DejaVu Sans Mono', monospace }
    .prompt { color: #7f8b9c } .bold { font-weight: bold; color: #fff } .dim { color: #8d98a8 }
    .red { color: #ff7b72 } .green { color: #6fd08c } .yellow { color: #e3b341 }
    .blue { color: #79b8ff } .pink { color: #d2a8ff } .cyan { color: #63d3e0 }
  </style><pre><span class="prompt">$</span> ${command}\n\n${body}</pre>`
}

function tagFor(codes) {
  const code = Number(codes.split(';')[0] ?? 0)
  if (code === 1) return '<span class="bold">'
  if (code === 2) return '<span class="dim">'
  return colours[code] === undefined ? '</span>' : `<span class="${colours[code]}">`
}
