import Kernels
import Testing

@Suite("Workspace")
struct WorkspaceTests {
    @Test(
        "What is taken is aligned to 64 bytes and never overlaps",
        arguments: [1, 15, 16, 17, 1000, 3_000_000])
    func takesApart(count: Int) {
        let workspace = Workspace()
        let starts = (0..<4).map { index -> UnsafeMutablePointer<Float> in
            let floats = workspace.floats(count)
            floats.update(repeating: Float(index), count: count)
            return floats
        }
        #expect(starts.allSatisfy { UInt(bitPattern: $0) % 64 == 0 })
        #expect(starts.enumerated().allSatisfy { $1[0] == Float($0) && $1[count - 1] == Float($0) })
        withExtendedLifetime(workspace) {}
    }

    @Test("Releasing to a mark gives back what was taken since, and only that")
    func marks() {
        let workspace = Workspace()
        let first = workspace.floats(10)
        let mark = workspace.mark
        let second = workspace.floats(10)
        // Far beyond the first chunk, so that the mark has to lead back over a seam.
        _ = workspace.floats(5_000_000)
        _ = workspace.floats(10)
        workspace.release(to: mark)
        #expect(workspace.floats(10) == second)
        #expect(workspace.floats(10) != first)
        withExtendedLifetime(workspace) {}
    }

    @Test("A step like one before needs no new memory")
    func repeatsWithoutGrowth() {
        let workspace = Workspace()
        #expect(workspace.capacity == 0)
        func step() {
            for count in [3, 700_000, 2_000_000, 17, 400_000, 900_000] {
                let mark = workspace.mark
                _ = workspace.floats(count)
                if count == 17 { workspace.release(to: mark) }
            }
        }
        step()
        let first = workspace.capacity
        #expect(first >= 4 * (3 + 700_000 + 2_000_000 + 400_000 + 900_000))
        for _ in 0..<3 {
            workspace.reset()
            step()
            #expect(workspace.capacity == first)
        }
    }

    @Test("After a reset the arena is one piece, which a micro-batch of the same size fills from the front")
    func resetStartsAgain() {
        let workspace = Workspace()
        for _ in 0..<3 { _ = workspace.floats(1_000_000) }
        workspace.reset()
        let start = workspace.floats(16)
        #expect(workspace.floats(2_900_000) == start + 16)
        withExtendedLifetime(workspace) {}
    }

    @Test("A matrix is packed, and its views address its rows and columns")
    func matrices() {
        let buffer = FloatBuffer((0..<12).map { Float($0) })
        let matrix = buffer.matrix(3, 4)
        #expect(matrix.isPacked && matrix.count == 12 && matrix[2, 1] == 9)
        let part = matrix.rows(1..<3).columns(1..<3)
        #expect(!part.isPacked && part.rows == 2 && part.columns == 2 && part.stride == 4)
        #expect([part[0, 0], part[0, 1], part[1, 0], part[1, 1]] == [5, 6, 9, 10])
        let other = FloatBuffer(4)
        #expect(other.values == [0, 0, 0, 0])
        other.matrix(2, 2).copy(from: part)
        #expect(other.values == [5, 6, 9, 10])
        part.fill(-1)
        #expect(buffer.values == [0, 1, 2, 3, 4, -1, -1, 7, 8, -1, -1, 11])
    }

    @Test("Room that was reserved is used before any is asked for, and starts as zeros")
    func reserved() {
        for bytes in [1 << 12, 9 << 20] {
            let workspace = Workspace(reserving: bytes)
            #expect(workspace.capacity == bytes && workspace.allocations == 0)
            let (first, second) = (workspace.floats(bytes / 8), workspace.floats(bytes / 8))
            #expect(workspace.allocations == 0 && second == first + bytes / 8)
            #expect((0..<bytes / 4).allSatisfy { first[$0] == 0 })
            _ = workspace.floats(1)
            #expect(workspace.allocations == 1)
        }
    }

    #if DEBUG
        @Test("A debug build stops at a view that has outlived its release")
        func outlived() async {
            await #expect(processExitsWith: .failure) {
                let workspace = Workspace(reserving: 4096)
                let mark = workspace.mark
                let view = workspace.matrix(2, 3).rows(1..<2)
                workspace.release(to: mark)
                view[0, 0] = 1
            }
            await #expect(processExitsWith: .success) {
                let workspace = Workspace(reserving: 4096)
                let view = workspace.matrix(2, 3)
                let mark = workspace.mark
                _ = workspace.matrix(2, 3)
                workspace.release(to: mark)
                view[0, 0] = 1
            }
        }
    #endif
}
