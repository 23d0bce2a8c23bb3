import Foundation
import Testing

extension EndToEnd {
    /// A run on a full disk ends with one message, and resumes once there is space.
    @Suite struct FullDiskTests {
        private static let canMount = getuid() == 0 && Disk(kilobytes: 16) != nil

        /// A file system of a few kilobytes.
        private final class Disk {
            private let scene: Scene
            let path: String

            init?(kilobytes: Int) {
                guard let scene = try? Scene() else { return nil }
                self.scene = scene
                path = scene.path("disk")
                mkdir(path, 0o700)
                guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else { return nil }
            }

            func grow(kilobytes: Int) -> Bool {
                mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(kilobytes)k") == 0
            }

            deinit { umount(path) }
        }

        @Test(
            .enabled(if: canMount, "a file system can only be mounted by the superuser"),
            arguments: [(4, nil), (60, nil), (32, 3), (60, 3)] as [(Int, Int?)])
        func aFullDiskIsReportedOnceAndTheRunResumes(kilobytes: Int, ranks: Int?) async throws {
            let scene = try Scene()
            let disk = try #require(Disk(kilobytes: kilobytes))
            let training = ["train", scene.study, "--output", "\(disk.path)/run"]
            let job = try await EndToEnd.hadamesh(ranks: ranks, training)
            #expect(job.status == 3, "\(job)")
            #expect(job.failures.count == 1, "\(job)")
            #expect(job.failures.first?.contains("No space left on device") == true, "\(job)")
            #expect(job.failures.first?.contains("free space") == true, "\(job)")

            #expect(disk.grow(kilobytes: 4096))
            let resumed = try await EndToEnd.hadamesh(training + ["--resume"])
            #expect(resumed.status == 0, "\(resumed)")
            let whole = try await EndToEnd.hadamesh(scene.training)
            try #require(whole.status == 0, "\(whole)")
            for task in ["colour", "alike"] {
                let file = "adapters/\(task)/adapter_model.safetensors"
                let here = try Data(contentsOf: URL(fileURLWithPath: "\(disk.path)/run/\(file)"))
                #expect(try here == scene.read("run/\(file)"))
            }
        }

        @Test(arguments: [1, 2]) func aFileSizeLimitIsReported(ranks: Int) async throws {
            let scene = try Scene()
            let job = try await EndToEnd.hadamesh(
                ranks: ranks, scene.training, prelude: "trap '' XFSZ && ulimit -f 12")
            #expect(job.status == 3, "\(job)")
            #expect(job.failures.count == 1, "\(job)")
            #expect(job.failures.first?.contains("cannot write: File too large; raise the limit") == true)
        }

        @Test(arguments: [nil, 2]) func aDamagedCheckpointIsPassedOver(ranks: Int?) async throws {
            let scene = try Scene()
            let first = try await EndToEnd.hadamesh(scene.training)
            try #require(first.status == 0, "\(first)")
            let adapters = try scene.adapters("run")
            try scene.damageCheckpoints(newestAlone: true)
            try FileManager.default.removeItem(atPath: scene.path("run/adapters"))
            let job = try await EndToEnd.hadamesh(ranks: ranks, scene.training + ["--resume"])
            #expect(job.status == 0, "\(job)")
            let warnings = job.warnings
            #expect(warnings.count == 1 && warnings[0].contains("state.safetensors"), "\(job)")
            #expect(warnings.first?.contains("the checkpoint before it is used") == true)
            #expect(try scene.adapters("run") == adapters)
        }
    }
}
