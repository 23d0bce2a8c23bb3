import Runs

/// A number that a run is compared by, beside its scores.
struct RunFact: Sendable {
    /// What it is called in machine-readable tables.
    let key: String
    /// What it is called in tables for readers.
    let name: String
    /// Its decimals; nil for a count.
    let digits: Int?
    /// Whether tables have it only where a run does.
    let isRare: Bool
    private let find: @Sendable (RunResults) -> Double?

    /// Reads it from a run's results.
    func read(_ results: RunResults) -> Double? { find(results) }

    static let parametersPerTask = "parametersPerTask"
    static let secondsPerStep = "secondsPerStep"
    static let adapterBytes = "adapterBytes"

    /// All facts, in the order of tables.
    static let all: [RunFact] = [
        RunFact(parametersPerTask, "parameters per task") { count($0.parameters?.adapterPerTask) },
        RunFact("keptPerTask", "after pruning", isRare: true) { count($0.parameters?.keptPerTask) },
        RunFact("percentOfBackbone", "% of the backbone", digits: 3) {
            $0.parameters.map { 100 * $0.shareOfBackbone }
        },
        RunFact("parametersAllTasks", "parameters, all tasks") { count($0.parameters?.adapterAllTasks) },
        RunFact("headsAllTasks", "heads, all tasks") { count($0.parameters?.headsAllTasks) },
        RunFact("operationsFrozen", "forward operations per token") {
            $0.parameters?.operationsPerToken?.frozen
        },
        RunFact("operationsAdded", "added by the method") { $0.parameters?.operationsPerToken?.added },
        RunFact("percentOperationsAdded", "added, %", digits: 3) {
            $0.parameters?.operationsPerToken.flatMap { $0.frozen > 0 ? 100 * $0.added / $0.frozen : nil }
        },
        RunFact(adapterBytes, "adapter file, bytes") { _ in nil },
        RunFact("bytesPerStep", "bytes per step") { count($0.bytesPerStep) },
        RunFact(secondsPerStep, "seconds per step", digits: 4) { _ in nil },
        RunFact("steps", "steps") { count($0.steps) },
        RunFact("seconds", "seconds", digits: 1) { $0.seconds },
    ]

    private init(
        _ key: String, _ name: String, digits: Int? = nil, isRare: Bool = false,
        find: @escaping @Sendable (RunResults) -> Double?
    ) {
        (self.key, self.name, self.digits, self.isRare, self.find) = (key, name, digits, isRare, find)
    }

    private static func count(_ value: Int?) -> Double? { value.map { Double($0) } }
}
