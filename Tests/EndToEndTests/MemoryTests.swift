import Encoders
import Foundation
import Testing

#if os(Linux)
    extension EndToEnd {
        /// Ranks of one machine read the same weights, mapped or converted once: together they hold one copy.
        @Suite struct MemoryTests {
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
                var (mappings, features) = ([Mapping](), 0)
                for _ in 0..<15_000 where mappings.isEmpty {
                    if scene.exists("run/journal.jsonl"), try scene.read("run/journal.jsonl").count > 20_000 {
                        mappings = Ranks.running(with: run).compactMap {
                            Mapping(of: weights, in: $0.id)
                        }
                        features = Ranks.running(with: run).count {
                            Mapping(of: "/memfd:hadamesh-features (deleted)", in: $0.id) != nil
                        }
                    } else {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                }
                let table = try await EndToEnd.launch("memory", run)
                if let launcher = Ranks.launcher(with: run) { kill(launcher, SIGUSR1) }
                let ended = try await job
                #expect(ended.status == 75, "\(ended)")

                // Tensors of the shared memory begin at multiples of 64 bytes.
                let gaps = 64 * 100
                let page = Int(sysconf(Int32(_SC_PAGESIZE)))
                let bytes =
                    variant == nil
                    ? try scene.read("backbone/model.safetensors").count
                    : try EncoderWeights(directory: scene.path("backbone")).copiedBytes + gaps
                let pages = (bytes + page - 1) / page * page / 1024
                #expect(mappings.count == 4)
                #expect(features == 4, "the head stage's features are one table too")
                #expect(mappings.allSatisfy { $0.resident <= pages && $0.copied == 0 }, "\(mappings)")
                // A share is rounded down to kilobytes, in each of the four.
                let shares = mappings.reduce(0) { $0 + $1.proportional }
                let touched = mappings.map(\.resident).max() ?? 0
                #expect(shares >= touched - 4 && shares <= pages, "\(mappings) of \(pages) kB")
                #expect(mappings.reduce(0) { $0 + $1.resident } >= 3 * shares, "\(mappings)")

                #expect(table.status == 0, "\(table)")
                let lines = table.output.split(separator: "\n")
                #expect(lines.count { $0.contains(run) } == 4, "\(table)")
                #expect(lines.last?.hasPrefix("total") == true, "\(table)")
            }

            /// Kilobytes of a mapped file in a process.
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
