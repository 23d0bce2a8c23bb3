import Diagnostics
import Dispatch
import Formats
import Foundation
import Runs
import TestSupport
import Testing

@Suite struct RunLockTests {
    let place: TemporaryFolder
    private let fast = RunLock.Timing(renewal: 0.05, patience: 1, look: 0.02)
    /// A lease from another machine.
    private let elsewhere = Lease(
        host: "node03", machine: "another start", process: 77, since: "2026-11-24 20:00:00 UTC")

    init() throws { place = try TemporaryFolder() }

    private var file: String { place.file(".lock") }

    private func refusal(_ action: () throws -> RunLock) -> String {
        do {
            try action().release()
            return "taken"
        } catch { return "\(error)" }
    }

    @Test func aSecondJobIsRefusedByTheFirstOnesName() throws {
        let lock = try RunLock.take(place.path)
        let text = refusal { try RunLock.take(place.path) }
        #expect(
            text.hasPrefix(
                "\(place.path): the run is in use by process \(getpid()) on host \(hostName()), since 20"))
        #expect(text.contains("--output"))
        lock.release()
        #expect(refusal { try RunLock.take(place.path) } == "taken")
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    /// A job that opens the file while its holder removes it must not lock a file without a name.
    @Test func ofManyAtOnceOneHasIt() async throws {
        let path = place.path
        let counts = await withTaskGroup(of: (Int, Int).self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var (taken, wrong) = (0, 0)
                    for _ in 0..<200 {
                        guard let lock = try? RunLock.take(path) else { continue }
                        taken += 1
                        let inside = open("\(path)/inside", O_CREAT | O_EXCL | O_WRONLY, 0o600)
                        if inside < 0 { wrong += 1 }
                        close(inside)
                        unlink("\(path)/inside")
                        lock.release()
                    }
                    return (taken, wrong)
                }
            }
            return await group.reduce(into: [(Int, Int)]()) { $0.append($1) }
        }
        #expect(counts.allSatisfy { $0.1 == 0 })
        #expect(counts.contains { $0.0 > 0 })
    }

    @Test func aLeaseOfThisMachineWithoutItsLockIsLeft() throws {
        let left = Lease(
            host: "here", machine: Lease.ofThisProcess().machine, process: 1, since: "2026-11-24 20:00:00 UTC"
        )
        try Data(JSONValue(encoding: left).encoded().utf8).write(to: URL(fileURLWithPath: file))
        #expect(refusal { try RunLock.take(place.path) } == "taken")
    }

    @Test(arguments: ["", "{", "[]"]) func aDamagedLeaseIsLeft(text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        #expect(refusal { try RunLock.take(place.path) } == "taken")
    }

    @Test func aLeaseOfAnotherMachineThatNobodyTouchesIsTakenOver() throws {
        try Data(JSONValue(encoding: elsewhere).encoded().utf8).write(to: URL(fileURLWithPath: file))
        let start = MonotonicClock.seconds
        let lock = try RunLock.take(place.path, as: .ofThisProcess(), fast)
        #expect(MonotonicClock.seconds - start > 0.9)
        #expect(try LockFile(opening: file).lease?.process == getpid())
        lock.release()
    }

    @Test func anOldLeaseOfAnotherMachineIsTakenOverAtOnce() throws {
        try Data(JSONValue(encoding: elsewhere).encoded().utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -500)], ofItemAtPath: file)
        let start = MonotonicClock.seconds
        try RunLock.take(place.path).release()
        #expect(MonotonicClock.seconds - start < 30)
    }

    @Test func aLeaseOfAnotherMachineThatIsTouchedIsInUse() throws {
        try Data(JSONValue(encoding: elsewhere).encoded().utf8).write(to: URL(fileURLWithPath: file))
        let path = file
        // A dispatch queue: the waiting call below may occupy every thread of the task pool.
        let holder = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "holder"))
        holder.schedule(deadline: .now(), repeating: 0.02)
        holder.setEventHandler { utimes(path, nil) }
        holder.activate()
        let patient = RunLock.Timing(renewal: 0.05, patience: 60, look: 0.02)
        let text = refusal { try RunLock.take(place.path, as: .ofThisProcess(), patient) }
        holder.cancel()
        #expect(text.contains("in use by process 77 on host node03, since 2026-11-24 20:00:00 UTC"))
        #expect(text.contains("remove \(file)"))
    }

    @Test func aHolderTouchesItsLease() async throws {
        let lock = try RunLock.take(place.path, as: elsewhere, fast)
        let before = try LockFile(opening: file).touch
        for _ in 0..<1000 where try LockFile(opening: file).touch == before {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try LockFile(opening: file).touch != before)
        lock.release()
    }

    @Test func filesOfAKilledWriterAreRemovedOnResuming() throws {
        let left = [
            ".partial-12-ab", "adapters/rte/.partial-12-ab", "checkpoints/step-4.partial/state.safetensors",
            "checkpoints/step-3.replaced/state.safetensors", ".lock-a1b2c3",
        ]
        let kept = ["manifest.json", "checkpoints/step-3/state.safetensors", "adapters/rte/a.safetensors"]
        for name in left + kept {
            let url = URL(fileURLWithPath: place.file(name))
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: url)
        }
        let (_, lock) = try RunDirectory.claim(place.path, resuming: true)
        lock.release()
        #expect(left.allSatisfy { !FileManager.default.fileExists(atPath: place.file($0)) })
        #expect(kept.allSatisfy { FileManager.default.fileExists(atPath: place.file($0)) })
    }
}
