/// A small symmetric matrix in double precision.
package struct SymmetricMatrix: Sendable, Equatable {
    /// The number of rows.
    package let size: Int
    private var elements: [Double]

    /// A matrix of zeros.
    package init(zeros size: Int) {
        self.size = size
        elements = [Double](repeating: 0, count: size * size)
    }

    /// A matrix of these rows, which must be symmetric.
    package init(_ rows: [[Double]]) {
        (size, elements) = (rows.count, rows.flatMap { $0 })
        precondition(elements.count == size * size, "a symmetric matrix is square")
    }

    /// An element; setting one sets its mirror image too.
    package subscript(_ i: Int, _ j: Int) -> Double {
        get { elements[i * size + j] }
        set {
            elements[i * size + j] = newValue
            elements[j * size + i] = newValue
        }
    }

    var diagonal: [Double] { (0..<size).map { self[$0, $0] } }
    var trace: Double { diagonal.reduce(0, +) }

    func times(_ vector: [Double]) -> [Double] {
        (0..<size).map { i in (0..<size).reduce(0) { $0 + self[i, $1] * vector[$1] } }
    }

    /// The matrix with trace 1, or itself if its trace is 0.
    var normalized: SymmetricMatrix { trace > 0 ? map { $2 / trace } : self }

    /// The matrix of other elements, each from its place and value.
    func map(_ element: (_ i: Int, _ j: Int, _ value: Double) -> Double) -> SymmetricMatrix {
        var result = self
        for i in 0..<size { for j in 0...i { result[i, j] = element(i, j, self[i, j]) } }
        return result
    }

    /// The solution of the equations of some rows and columns, by Cholesky; nil if they are singular.
    func solution(_ right: [Double], of indices: [Int]) -> [Double]? {
        let n = indices.count
        var l = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0...i {
                var sum = self[indices[i], indices[j]]
                for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
                if i == j {
                    guard sum > 1e-15 * self[indices[i], indices[i]] else { return nil }
                    l[i * n + i] = sum.squareRoot()
                } else {
                    l[i * n + j] = sum / l[j * n + j]
                }
            }
        }
        var x = indices.map { right[$0] }
        for i in 0..<n {
            for k in 0..<i { x[i] -= l[i * n + k] * x[k] }
            x[i] /= l[i * n + i]
        }
        for i in (0..<n).reversed() {
            for k in i + 1..<max(n, i + 1) { x[i] -= l[k * n + i] * x[k] }
            x[i] /= l[i * n + i]
        }
        return x
    }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
