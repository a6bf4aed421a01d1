type Matrix = readonly (readonly number[])[]

/** Gauss and Jordan. */
export function reduced(matrix: Matrix): Matrix {
  const rows = matrix.map((row) => [...row])
  let pivot = 0
  for (let column = 0; column < (rows[0]?.length ?? 0); column += 1) {
    const at = rows.findIndex((row, index) => index >= pivot && !isNothing(row[column]))
    const [found, first] = [rows[at], rows[pivot]]
    if (found === undefined || first === undefined) continue
    rows[at] = first
    rows[pivot] = found.map((value) => value / (found[column] ?? 1))
    for (const [index, row] of rows.entries()) {
      if (index !== pivot) rows[index] = without(row, rows[pivot] ?? [], column)
    }
    pivot += 1
  }
  return rows.slice(0, pivot)
}

/** Can it be added up of the rows of a matrix that was reduced? */
export function isCombinationOf(basis: Matrix, vector: readonly number[]): boolean {
  let rest = vector
  for (const row of basis)
    rest = without(
      rest,
      row,
      row.findIndex((value) => !isNothing(value)),
    )
  return rest.every(isNothing)
}

function without(row: readonly number[], other: readonly number[], column: number) {
  const factor = row[column] ?? 0
  return row.map((value, place) => value - factor * (other[place] ?? 0))
}

function isNothing(value = 0): boolean {
  return Math.abs(value) < 1e-9
}
