import Diagnostics

/// Equal shares, but a task whose score has stopped rising gets 1/interval of one, until its score falls.
///
/// A score is better if it exceeds the best by more than `threshold` |best|. After more than `patience`
/// scores in a row that are not, the task stops; it goes on when a score is below the best by more than
/// `decline` |best|. The `cooldown` scores after either change do not count as bad. The source compares with
/// multiples of the best score, which is equal for positive scores; it also starts afresh when its learning
/// rate drops, which the schedules here do steadily. In the source, too, a score that stops a task is not
/// compared with the decline, so that without patience and cooldown no task would go on.
struct StopAndGo: ScoreSampler {
    static let name = "stop-and-go"
    static let summary = "1/T each, rarely for a task whose score stopped rising"
    static let source = "Lu et al., 12-in-1, 2020 (arXiv 1912.02315)"
    static let keys = [
        MethodKey("patience", \StopAndGo.patience, in: 0...1_000_000, "scores without a rise to ignore"),
        MethodKey("threshold", \.threshold, in: 0...1, "the least relative rise"),
        MethodKey("decline", \.decline, in: 0...1, "the least relative fall after which a task goes on"),
        MethodKey("cooldown", \.cooldown, in: 0...1_000_000, "scores that do not count after a change"),
        MethodKey("interval", \.interval, in: 1...1_000_000, "how much more rarely a stopped task is drawn"),
    ]
    static let remembered = 5
    var patience = 1
    var threshold = 0.001
    var decline = 0.005
    var cooldown = 1
    var interval = 4

    /// The rows of the memory.
    private enum Row: Int { case best, isScored, bad, cooling, isStopped }

    func check(_ section: SettingsSection<NameKey>) throws {
        guard patience == 0, cooldown == 0 else { return }
        throw section.failure(
            NameKey("cooldown"),
            "is 0, and so is patience: every score that does not rise stops a task again",
            remedy: "set one of them to 1 or more, or a stopped task never goes on")
    }

    func weights(_ tasks: SampledTasks) -> [Double] {
        tasks.memory.rows[Row.isStopped.rawValue].map { $0 > 0 ? 1 / Double(interval) : 1 }
    }

    func update(scores: [Double?], _ memory: inout SamplerMemory) {
        memory.updates += 1
        for (task, score) in scores.enumerated() {
            guard let score, score.isFinite else { continue }
            update(score, task, &memory)
        }
    }

    private func update(_ score: Double, _ task: Int, _ memory: inout SamplerMemory) {
        func value(_ row: Row) -> Double { memory.rows[row.rawValue][task] }
        func set(_ row: Row, _ value: Double) { memory.rows[row.rawValue][task] = value }
        let best = value(.best)
        if value(.isScored) == 0 || score > best + threshold * abs(best) {
            set(.best, score)
            set(.isScored, 1)
            set(.bad, 0)
        } else {
            set(.bad, value(.bad) + 1)
        }
        if value(.cooling) > 0 {
            set(.cooling, value(.cooling) - 1)
            set(.bad, 0)
        }
        let hasFallen = score < value(.best) - decline * abs(value(.best))
        let stops = value(.bad) > Double(patience)
        if stops || value(.isStopped) > 0 && hasFallen {
            set(.isStopped, stops ? 1 : 0)
            set(.cooling, Double(cooldown))
            set(.bad, 0)
        }
    }
}
