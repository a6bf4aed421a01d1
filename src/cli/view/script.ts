/**
 * All that the page needs a script for: when something changes on this machine, the server sends
 * the new page, and the parts that a person has opened or focused stay so.
 */
export const script = `
const main = document.querySelector('main')
const live = document.getElementById('live')
const source = new EventSource('/events' + location.search)
source.addEventListener('page', ({ data }) => {
  const open = new Set([...main.querySelectorAll('details[open]')].map(({ id }) => id))
  const focused = document.activeElement?.id
  main.innerHTML = JSON.parse(data)
  for (const one of main.querySelectorAll('details')) if (open.has(one.id)) one.open = true
  if (focused) document.getElementById(focused)?.focus()
})
source.addEventListener('open', () => { live.textContent = 'Live: this page follows what happens.' })
source.addEventListener('error', () => {
  live.textContent = 'No longer live: the command that opened this page has ended.'
})
`
