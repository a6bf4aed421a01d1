// What must hold in the end, and what is only counted.

/** Lines of an NDJSON file that hold an event; a kill may leave half a line. */
export function idsIn(text) {
  let torn = 0
  const ids = text.split('\n').flatMap((line) => {
    if (line === '') return []
    try {
      const { event_id: id, uuid = id } = JSON.parse(line)
      return [uuid]
    } catch {
      torn += 1
      return []
    }
  })
  return { ids, torn }
}

export function openVerdict(say) {
  let broken = 0
  return {
    holds: (text, isTrue) => {
      if (!isTrue) broken += 1
      say(`${isTrue ? 'holds ' : 'BROKEN'}  ${text}`)
    },
    counted: (text) => say(`counted ${text}`),
    broken: () => broken,
  }
}

export function missing(wanted, there) {
  return [...wanted].filter((id) => !there.has(id)).length
}
