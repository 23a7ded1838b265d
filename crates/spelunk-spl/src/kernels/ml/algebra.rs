//! The linear algebra that the algorithms need, for as many dimensions as a search has fields.

/// The eigenvalues of a symmetric matrix, largest first, with their eigenvectors, by Jacobi rotations.
pub(crate) fn eigen(mut matrix: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    let n = matrix.len();
    // The rows become the eigenvectors.
    let mut vectors: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    for _ in 0..100 {
        let off: f64 = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| matrix[i][j] * matrix[i][j])
            .sum();
        let all: f64 = matrix.iter().flatten().map(|x| x * x).sum();
        if off <= all * 1e-30 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    let mut found: Vec<(f64, Vec<f64>)> = vectors
        .into_iter()
        .enumerate()
        .map(|(i, vector)| (matrix[i][i], vector))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
}

/// Zeroes the element at `p`, `q`.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    if matrix[p][q] == 0.0 {
        return;
    }
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (t * t + 1.0).sqrt();
    let sine = t * cosine;
    for row in matrix.iter_mut() {
        let (a, b) = (row[p], row[q]);
        row[p] = cosine * a - sine * b;
        row[q] = sine * a + cosine * b;
    }
    for of in [matrix, vectors] {
        for k in 0..of[p].len() {
            let (a, b) = (of[p][k], of[q][k]);
            of[p][k] = cosine * a - sine * b;
            of[q][k] = sine * a + cosine * b;
        }
    }
}

/// The means of the columns of `rows`.
pub(crate) fn means(rows: &[Vec<f64>]) -> Vec<f64> {
    let n = rows.len().max(1) as f64;
    let mut sums = vec![0.0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x;
        }
    }
    sums.iter().map(|s| s / n).collect()
}

/// Subtracts these values from each row.
pub(crate) fn less(rows: &[Vec<f64>], values: &[f64]) -> Vec<Vec<f64>> {
    let one = |row: &Vec<f64>| row.iter().zip(values).map(|(x, v)| x - v).collect();
    rows.iter().map(one).collect()
}

/// The sums of the products of each pair of columns.
pub(crate) fn products(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let width = rows.first().map_or(0, Vec::len);
    let mut out = vec![vec![0.0; width]; width];
    for row in rows {
        for i in 0..width {
            for j in 0..=i {
                out[i][j] += row[i] * row[j];
            }
        }
    }
    let lower = out.clone();
    for (i, row) in out.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate().skip(i + 1) {
            *cell = lower[j][i];
        }
    }
    out
}

/// The dot product of two vectors.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::{dot, eigen};

    #[test]
    fn eigenvectors_are_only_stretched() {
        let matrix = vec![
            vec![4.0, 1.0, 0.5],
            vec![1.0, 3.0, -1.0],
            vec![0.5, -1.0, 2.0],
        ];
        let found = eigen(matrix.clone());
        assert!(found[0].0 >= found[1].0 && found[1].0 >= found[2].0);
        for (value, vector) in found {
            for (row, x) in matrix.iter().zip(&vector) {
                assert!((dot(row, &vector) - value * x).abs() < 1e-10);
            }
        }
    }
}
