import Encoders
import Foundation
import Testing

#if os(Linux)
    extension EndToEnd {
        /// The ranks of a node share one copy of the weights, mapped or converted.
        @Suite struct MemoryTests {
            /// A control group with a memory limit; nil if this machine does not allow one.
            private static func limitedGroup(bytes: Int) -> String? {
                let manager = FileManager.default
                for (place, file) in [
                    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
                ] {
                    let group = "\(place)/hadamesh-\(UUID().uuidString)"
                    guard
                        (try? manager.createDirectory(atPath: group, withIntermediateDirectories: false))
                            != nil
                    else { continue }
                    // Outside the file system of control groups the folder has no such file.
                    if manager.fileExists(atPath: "\(group)/\(file)"),
                        (try? "\(bytes)".write(
                            toFile: "\(group)/\(file)", atomically: false, encoding: .utf8))
                            != nil
                    {
                        return group
                    }
                    rmdir(group)
                }
                return nil
            }

            private static let canLimit: Bool = {
                guard let group = limitedGroup(bytes: 1 << 30) else { return false }
                return rmdir(group) == 0
            }()

            @Test(
                .enabled(if: canLimit, "needs a control group with a limit on memory, as root may make one"))
            func theLimitOfAContainerIsTheAvailableMemory() async throws {
                let group = try #require(Self.limitedGroup(bytes: 400 << 20))
                defer { rmdir(group) }
                let job = try await EndToEnd.hadamesh(
                    ["doctor"], prelude: "echo $$ > \(group)/cgroup.procs")
                #expect(job.status == 0, "\(job)")
                let free = job.output.firstMatch(of: /([0-9]+)\s+MB\s+of\s+memory\s+free/).flatMap {
                    Int($0.1)
                }
                #expect((200...400).contains(free ?? -1), "\(job)")
            }

            @Test(arguments: [nil, "f16", "bf16"]) func fourRanksHoldOneCopyOfTheWeights(
                variant: String?
            ) async throws {
                let scene = try Scene()
                try scene.copyEncoder(weights: variant)
                let weights =
                    variant == nil
                    ? scene.path("backbone/model.safetensors") : "/memfd:hadamesh-weights (deleted)"
                let run = scene.path("run")
                async let job = EndToEnd.hadamesh(
                    ranks: 4,
                    scene.training + ["--set", "stages.adapter.steps=20000", "--set", "checkpoint.every=0"])
                var (mappings, pooled) = ([Mapping](), 0)
                for _ in 0..<15_000 where mappings.isEmpty {
                    if scene.exists("run/journal.jsonl"), try scene.read("run/journal.jsonl").count > 20_000 {
                        mappings = Ranks.running(with: run).compactMap {
                            Mapping(of: weights, in: $0.id)
                        }
                        pooled = Ranks.running(with: run).count {
                            Mapping(of: "/memfd:hadamesh-pooled (deleted)", in: $0.id) != nil
                        }
                    } else {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                }
                let table = try await EndToEnd.launch("memory", run)
                if let launcher = Ranks.launcher(with: run) { kill(launcher, SIGUSR1) }
                let ended = try await job
                #expect(ended.status == 75, "\(ended)")

                // Tensors in shared memory are aligned to 64 bytes.
                let gaps = 64 * 100
                let page = Int(sysconf(Int32(_SC_PAGESIZE)))
                let bytes =
                    variant == nil
                    ? try scene.read("backbone/model.safetensors").count
                    : try EncoderWeights(directory: scene.path("backbone")).copiedBytes + gaps
                let pages = (bytes + page - 1) / page * page / 1024
                #expect(mappings.count == 4)
                #expect(pooled == 4, "the head stage's pooled vectors are one table too")
                #expect(mappings.allSatisfy { $0.resident <= pages && $0.copied == 0 }, "\(mappings)")
                // Each of the four shares is rounded down to kilobytes.
                let shares = mappings.reduce(0) { $0 + $1.proportional }
                let touched = mappings.map(\.resident).max() ?? 0
                #expect(shares >= touched - 4 && shares <= pages, "\(mappings) of \(pages) kB")
                #expect(mappings.reduce(0) { $0 + $1.resident } >= 3 * shares, "\(mappings)")

                #expect(table.status == 0, "\(table)")
                let lines = table.output.split(separator: "\n")
                #expect(lines.count { $0.contains(run) } == 4, "\(table)")
                #expect(lines.last?.hasPrefix("total") == true, "\(table)")
            }

            /// The kilobytes of a mapped file in a process.
            struct Mapping: Sendable {
                let resident: Int
                let proportional: Int
                let copied: Int

                init?(of file: String, in process: Int32) {
                    let data =
                        (try? FileHandle(forReadingAtPath: "/proc/\(process)/smaps")?.readToEnd()) ?? nil
                    let lines = String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n")
                    guard let start = lines.firstIndex(where: { $0.hasSuffix(file) }) else { return nil }
                    func kilobytes(_ name: String) -> Int? {
                        lines[start...].first { $0.hasPrefix("\(name):") }.flatMap {
                            Int($0.filter(\.isNumber))
                        }
                    }
                    guard let resident = kilobytes("Rss"), let proportional = kilobytes("Pss"),
                        let copied = kilobytes("Anonymous")
                    else { return nil }
                    (self.resident, self.proportional, self.copied) = (resident, proportional, copied)
                }
            }
        }
    }
#endif
