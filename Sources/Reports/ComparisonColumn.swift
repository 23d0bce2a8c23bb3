import Runs

/// A column of a comparison besides the scores: a number of each run.
struct ComparisonColumn: Sendable {
    /// The key in JSON.
    let key: String
    /// The heading in text tables.
    let name: String
    /// The number of decimals; nil for a count.
    let digits: Int?
    let read: @Sendable (FinishedRun) -> Double?

    static let parametersPerTask = ComparisonColumn("parametersPerTask", "parameters per task") {
        count($0.parameters?.adapterPerTask)
    }
    static let parametersAllTasks = ComparisonColumn("parametersAllTasks", "parameters, all tasks") {
        count($0.parameters?.adapterAllTasks)
    }
    static let operationsAdded = ComparisonColumn("operationsAdded", "extra FLOPs per token") {
        $0.parameters?.operationsPerToken?.added
    }
    static let bytesPerStep = ComparisonColumn("bytesPerStep", "bytes per step") {
        count($0.results.bytesPerStep)
    }

    /// All columns, in order.
    static let all: [ComparisonColumn] = [
        parametersPerTask,
        ComparisonColumn("keptPerTask", "after pruning") { count($0.parameters?.keptPerTask) },
        ComparisonColumn("percentOfBackbone", "% of the backbone", digits: 3) {
            $0.parameters.map { 100 * $0.shareOfBackbone }
        },
        parametersAllTasks,
        ComparisonColumn("headsAllTasks", "heads, all tasks") { count($0.parameters?.headsAllTasks) },
        ComparisonColumn("operationsFrozen", "forward FLOPs per token") {
            $0.parameters?.operationsPerToken?.frozen
        },
        operationsAdded,
        ComparisonColumn("percentOperationsAdded", "extra FLOPs, %", digits: 3) {
            $0.parameters?.operationsPerToken.flatMap { $0.frozen > 0 ? 100 * $0.added / $0.frozen : nil }
        },
        ComparisonColumn("adapterBytes", "adapter file, bytes") { $0.adapterBytes },
        ComparisonColumn("meanCosine", "mean cosine of tasks", digits: 3) { agreement($0)?.meanCosine },
        ComparisonColumn("meanCorrectedCosine", "cosine without noise", digits: 3) {
            agreement($0)?.meanCorrectedCosine
        },
        bytesPerStep,
        ComparisonColumn("secondsPerStep", "seconds per step", digits: 4) { $0.secondsPerStep },
        ComparisonColumn("gradientRatio", "‖gradient‖ / ‖sum‖", digits: 3) { effect($0)?.gradient.ratio },
        ComparisonColumn("gradientCosine", "cos(gradient, sum)", digits: 3) { effect($0)?.gradient.cosine },
        ComparisonColumn("updateRatio", "‖update‖ / ‖sum's‖", digits: 3) { effect($0)?.update.ratio },
        ComparisonColumn("updateCosine", "cos(update, sum's)", digits: 3) { effect($0)?.update.cosine },
        ComparisonColumn("steps", "steps") { count($0.results.steps) },
        ComparisonColumn("seconds", "total seconds", digits: 1) { $0.results.seconds },
    ]

    private init(
        _ key: String, _ name: String, digits: Int? = nil,
        read: @escaping @Sendable (FinishedRun) -> Double?
    ) {
        (self.key, self.name, self.digits, self.read) = (key, name, digits, read)
    }

    /// The agreement of tasks on all that they share, in the last stage that measured it.
    private static func agreement(_ run: FinishedRun) -> TaskAgreement.Part? {
        run.results.stages.last { $0.agreement != nil }?.agreement?.whole.all
    }

    /// The effect in the last stage that combined gradients by a rule or by weights.
    private static func effect(_ run: FinishedRun) -> CombinationEffect? {
        run.results.stages.compactMap(\.effect).last
    }

    private static func count(_ value: Int?) -> Double? { value.map { Double($0) } }
}
