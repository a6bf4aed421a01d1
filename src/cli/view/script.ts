/**
 * All that the page needs a script for: when something changes on this machine, the server sends
 * the new page, and the parts that a person has opened or focused stay so.
 */
export const script = `
const main = document.querySelector('main')
const live = document.getElementById('live')
const named = (one) => one.id ||
  [one.localName, one.closest('details')?.id, one.getAttribute('href'), one.textContent].join(' ')
const show = (markup) => {
  const open = new Set([...main.querySelectorAll('details[open]')].map(({ id }) => id))
  const focused = main.contains(document.activeElement) ? named(document.activeElement) : ''
  main.innerHTML = markup
  for (const one of main.querySelectorAll('details')) if (open.has(one.id)) one.open = true
  const same = [...main.querySelectorAll('a, button, summary')].find((one) => named(one) === focused)
  same?.focus({ preventScroll: true })
}
const say = (isServed, text) => {
  live.textContent = text
  live.className = isServed ? 'soft' : 'warning'
  for (const button of main.querySelectorAll('button')) button.disabled = !isServed
}
let source
const follow = (again) => {
  source = new EventSource('/events' + (location.search || '?') + again)
  source.addEventListener('page', ({ data }) => show(JSON.parse(data)))
  source.addEventListener('open', () => say(true, 'Live: this page follows what happens.'))
  source.addEventListener('pause', () => {
    source.close()
    source = undefined
    say(true, 'Paused: too many tabs are open. This one goes on when you return to it.')
  })
  source.addEventListener('error', () => {
    say(false, 'No longer live: the command that opened this page has ended, and its buttons do nothing.')
  })
}
const goOn = () => { if (!document.hidden && !source) follow('&again') }
addEventListener('focus', goOn)
document.addEventListener('visibilitychange', goOn)
follow('')
`
