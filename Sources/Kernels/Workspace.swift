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
        Matrix(floats(rows * columns), rows, columns)
    }
}
