/// The eigenvalues of a symmetric matrix that are not zero, with their eigenvectors, in falling order.
struct Eigensystem {
    private(set) var values: [Double] = []
    private(set) var vectors: [[Double]] = []

    /// Diagonalises a positive semidefinite matrix by Jacobi's rotations.
    ///
    /// An eigenvalue below `tolerance` times the size and the largest eigenvalue counts as zero.
    init(_ matrix: SymmetricMatrix, tolerance: Double = Double.ulpOfOne) {
        let n = matrix.size
        var a = (0..<n).map { i in (0..<n).map { matrix[i, $0] } }
        var v = (0..<n).map { i in (0..<n).map { i == $0 ? 1.0 : 0.0 } }
        for _ in 0..<60 {
            var rotated = false
            for p in 0..<n {
                for q in p + 1..<max(n, p + 1) {
                    let limit = 1e-17 * (a[p][p].magnitude * a[q][q].magnitude).squareRoot()
                    guard a[p][q].magnitude > limit else { continue }
                    rotated = true
                    let ratio = (a[q][q] - a[p][p]) / (2 * a[p][q])
                    let t =
                        ratio.magnitude > 1e150
                        ? 1 / (2 * ratio)
                        : (ratio < 0 ? -1 : 1) / (ratio.magnitude + (ratio * ratio + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot()
                    let s = t * c
                    for k in 0..<n {
                        (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q])
                    }
                    for k in 0..<n {
                        (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k])
                        (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q])
                    }
                    (a[p][q], a[q][p]) = (0, 0)
                }
            }
            if !rotated { break }
        }
        let largest = (0..<n).map { a[$0][$0] }.max() ?? 0
        let kept = (0..<n).filter { a[$0][$0] > tolerance * Double(n) * largest }
            .sorted { (a[$1][$1], $0) < (a[$0][$0], $1) }
        values = kept.map { a[$0][$0] }
        vectors = kept.map { column in (0..<n).map { v[$0][column] } }
    }

    /// Σ f(λ) (v · x) v: the matrix with each eigenvalue λ replaced by f(λ), times x.
    func times(_ x: [Double], replacing f: (Double) -> Double) -> [Double] {
        zip(values, vectors).reduce([Double](repeating: 0, count: x.count)) { sum, pair in
            let factor = f(pair.0) * dot(pair.1, x)
            return zip(sum, pair.1).map { $0 + factor * $1 }
        }
    }
}

extension SymmetricMatrix {
    /// The pseudoinverse times a vector.
    func pseudoinverse(times x: [Double]) -> [Double] { Eigensystem(self).times(x) { 1 / $0 } }
}
