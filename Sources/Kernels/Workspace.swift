/// The arena that a step's temporaries come from: taking is a pointer bump, giving back is a mark.
///
/// Memory is kept between steps, so that a step allocates nothing once the largest unit has been seen.
/// Contents are undefined when taken. Not for use by two threads.
package final class Workspace {
    private var chunks: [FloatBuffer] = []
    private var chunk = 0
    private var used = 0
    /// How often memory was asked for.
    package private(set) var allocations = 0
    private var most = 0
    private static let alignment = 16

    /// An arena with room for so many bytes, an empty one unless told; where they don't suffice it grows.
    ///
    /// Room that is never used takes no memory.
    package init(reserving bytes: Int = 0) {
        if bytes > 0 { chunks = [FloatBuffer(bytes / MemoryLayout<Float>.stride)] }
    }

    /// A place to return to with ``release(to:)``.
    package struct Mark {
        let chunk: Int
        let used: Int
    }

    /// The most bytes that were in use at once.
    package var peak: Int { most * MemoryLayout<Float>.stride }

    /// How many bytes the arena holds.
    package var capacity: Int { chunks.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride }

    /// Where the arena stands now.
    package var mark: Mark { Mark(chunk: chunk, used: used) }

    /// Gives back everything taken since the mark.
    package func release(to mark: Mark) {
        chunk = mark.chunk
        used = mark.used
    }

    /// Gives back everything.
    package func reset() {
        // Several chunks mean that the arena grew: one of their total size serves the next step without a seam.
        if chunks.count > 1 {
            chunks = [FloatBuffer(chunks.reduce(0) { $0 + $1.count })]
            allocations += 1
        }
        chunk = 0
        used = 0
    }

    /// Takes `count` floats, aligned to 64 bytes.
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

    /// Takes a packed matrix.
    package func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        Matrix(floats(rows * columns), rows, columns)
    }
}
