// Small linear algebra: principal directions, and systems of equations of a positive matrix. A matrix is an array of
// rows.

// The sum of the rows' outer products: (F, F), symmetric.
export function gram(rows, width = rows[0].length) {
  const out = Array.from({ length: width }, () => new Float64Array(width));
  for (const row of rows) {
    for (let i = 0; i < width; i++) {
      const value = row[i], line = out[i];
      if (value !== 0) for (let j = i; j < width; j++) line[j] += value * row[j];
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) out[i][j] = out[j][i];
  return out;
}

// The `many` directions in which rows about their mean vary most, the first one first.
export function principal(rows, many) {
  const { values, vectors } = eigen(gram(rows));
  return [...values.keys()].sort((a, b) => values[b] - values[a]).slice(0, many).map((k) => vectors[k]);
}

// Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations; the matrix is used up.
export function eigen(matrix) {
  const size = matrix.length;
  const vectors = matrix.map((_, i) => Float64Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)));
  let scale = 0;
  for (const row of matrix) scale += dot(row, row);
  const least = (1e-24 * scale) / (size * size); // squared: what is smaller turns no direction
  for (let sweep = 0, turned = true; turned && sweep < 50; sweep++) {
    turned = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (matrix[p][q] ** 2 <= least) continue;
        turned = true;
        rotate(matrix, vectors, p, q);
      }
    }
  }
  return { values: Float64Array.from(matrix, (row, i) => row[i]), vectors };
}

function rotate(matrix, vectors, p, q) {
  const theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1), s = t * c;
  for (const row of matrix) {
    const one = row[p], other = row[q];
    row[p] = c * one - s * other;
    row[q] = s * one + c * other;
  }
  mix(matrix[p], matrix[q], c, s);
  mix(vectors[p], vectors[q], c, s);
}

function mix(ones, others, c, s) {
  for (let k = 0; k < ones.length; k++) {
    const one = ones[k], other = others[k];
    ones[k] = c * one - s * other;
    others[k] = s * one + c * other;
  }
}

// Solves matrix x = goal for a symmetric positive matrix, by Cholesky's factors; the matrix is used up.
export function solve(matrix, goal) {
  const size = matrix.length;
  for (let i = 0; i < size; i++) {
    const row = matrix[i];
    for (let j = 0; j <= i; j++) {
      const other = matrix[j];
      let rest = row[j];
      for (let k = 0; k < j; k++) rest -= row[k] * other[k];
      row[j] = i === j ? Math.sqrt(rest) : rest / other[j];
    }
  }
  const x = Float64Array.from(goal);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] -= matrix[i][k] * x[k];
    x[i] /= matrix[i][i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] -= matrix[k][i] * x[k];
    x[i] /= matrix[i][i];
  }
  return x;
}

export function dot(a, b) {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}
