/**
 * All that the page needs a script for: when something changes on this machine, the server sends
 * the new page, and the parts that a person has opened or focused stay so.
 */
export const script = `
const main = document.querySelector('main')
const live = document.getElementById('live')
const source = new EventSource('/events' + location.search)
const named = (one) => one.id ||
  [one.localName, one.closest('details')?.id, one.getAttribute('href'), one.textContent].join(' ')
source.addEventListener('page', ({ data }) => {
  const open = new Set([...main.querySelectorAll('details[open]')].map(({ id }) => id))
  const focused = main.contains(document.activeElement) ? named(document.activeElement) : ''
  main.innerHTML = JSON.parse(data)
  for (const one of main.querySelectorAll('details')) if (open.has(one.id)) one.open = true
  const same = [...main.querySelectorAll('a, button, summary')].find((one) => named(one) === focused)
  same?.focus({ preventScroll: true })
})
const say = (isLive, text) => {
  live.textContent = text
  live.className = isLive ? 'soft' : 'warning'
  for (const button of main.querySelectorAll('button')) button.disabled = !isLive
}
source.addEventListener('open', () => say(true, 'Live: this page follows what happens.'))
source.addEventListener('error', () => {
  say(false, 'No longer live: the command that opened this page has ended, and its buttons do nothing.')
})
`
