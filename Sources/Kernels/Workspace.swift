/// An arena for a step's temporaries: allocation advances a pointer, release returns to a mark.
///
/// Memory is reused between steps, so nothing is allocated after the largest micro-batch. Contents are
/// undefined. Not thread-safe.
package final class Workspace {
    private var chunks: [FloatBuffer] = []
    private var chunk = 0
    private var used = 0
    /// The number of chunks allocated so far.
    package private(set) var allocations = 0
    private var most = 0
    private static let alignment = 16
    #if DEBUG
        /// Matrices that have been allocated and not released, in the order of their addresses.
        private var live: [Allocation] = []

        /// The memory of one matrix, until it is released.
        final class Allocation {
            fileprivate let chunk: Int
            fileprivate let start: Int
            fileprivate(set) var isLive = true

            fileprivate init(chunk: Int, start: Int) {
                self.chunk = chunk
                self.start = start
            }
        }
    #endif

    /// Reserves bytes; the arena grows beyond them if necessary.
    ///
    /// Reserved bytes that are never used take no memory.
    package init(reserving bytes: Int = 0) {
        if bytes > 0 { chunks = [FloatBuffer(bytes / MemoryLayout<Float>.stride)] }
    }

    /// A state to return to with ``release(to:)``.
    package struct Mark {
        let chunk: Int
        let used: Int
    }

    /// The most bytes that were in use at once.
    package var peak: Int { most * MemoryLayout<Float>.stride }

    /// The bytes of all chunks.
    package var capacity: Int { chunks.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride }

    /// The current state.
    package var mark: Mark { Mark(chunk: chunk, used: used) }

    /// Releases everything allocated since the mark.
    package func release(to mark: Mark) {
        chunk = mark.chunk
        used = mark.used
        endAllocations()
    }

    /// Releases everything.
    package func reset() {
        // After growth, one chunk of the total size serves the next step.
        if chunks.count > 1 {
            chunks = [FloatBuffer(chunks.reduce(0) { $0 + $1.count })]
            allocations += 1
        }
        chunk = 0
        used = 0
        endAllocations()
    }

    /// Marks matrices beyond the current position as released, so that debug builds stop at their next use.
    private func endAllocations() {
        #if DEBUG
            while let last = live.last, (last.chunk, last.start) >= (chunk, used) {
                last.isLive = false
                live.removeLast()
            }
        #endif
    }

    /// Allocates `count` floats, aligned to 64 bytes.
    package func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let rounded = (count + Self.alignment - 1) / Self.alignment * Self.alignment
        while chunk < chunks.count {
            if used + rounded <= chunks[chunk].count {
                defer {
                    used += rounded
                    most = max(most, chunks[..<chunk].reduce(used) { $0 + $1.count })
                }
                return chunks[chunk].base + used
            }
            chunk += 1
            used = 0
        }
        chunks.append(FloatBuffer(max(rounded, 1 << 20)))
        allocations += 1
        used = rounded
        most = max(most, chunks[..<chunk].reduce(used) { $0 + $1.count })
        return chunks[chunk].base
    }

    /// Allocates a packed matrix.
    package func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        let base = floats(rows * columns)
        #if DEBUG
            let start = base - chunks[chunk].base
            live.append(Allocation(chunk: chunk, start: start))
            return Matrix(base, rows, columns, live[live.count - 1])
        #else
            return Matrix(base, rows, columns)
        #endif
    }

    /// Allocates a matrix and copies another into it, such as an activation that changes in place.
    package func copy(of matrix: some ReadableMatrix) -> Matrix {
        let frozen = matrix.frozen
        let copy = self.matrix(frozen.rows, frozen.columns)
        timed(.elementwise) { copy.copy(from: matrix) }
        return copy
    }
}
