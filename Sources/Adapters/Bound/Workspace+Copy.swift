import Kernels

extension Workspace {
    /// Takes a matrix and copies another into it: an activation to be saved before it changes in place.
    func copy(of matrix: Matrix) -> Matrix {
        let copy = self.matrix(matrix.rows, matrix.columns)
        copy.copy(from: matrix)
        return copy
    }
}
