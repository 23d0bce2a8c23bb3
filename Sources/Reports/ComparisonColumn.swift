import Runs

/// A column of a comparison besides the scores: a number of each run.
struct ComparisonColumn: Sendable {
    /// The key in JSON.
    let key: String
    /// The heading in text tables.
    let name: String
    /// The number of decimals; nil for a count.
    let digits: Int?
    private let find: @Sendable (RunResults) -> Double?

    func read(_ results: RunResults) -> Double? { find(results) }

    static let parametersPerTask = "parametersPerTask"
    static let parametersAllTasks = "parametersAllTasks"
    static let secondsPerStep = "secondsPerStep"
    static let adapterBytes = "adapterBytes"
    static let operationsAdded = "operationsAdded"
    static let bytesPerStep = "bytesPerStep"
    static let bytesPerStepName = "bytes per step"

    /// All columns, in order.
    static let all: [ComparisonColumn] = [
        ComparisonColumn(parametersPerTask, "parameters per task") { count($0.parameters?.adapterPerTask) },
        ComparisonColumn("keptPerTask", "after pruning") { count($0.parameters?.keptPerTask) },
        ComparisonColumn("percentOfBackbone", "% of the backbone", digits: 3) {
            $0.parameters.map { 100 * $0.shareOfBackbone }
        },
        ComparisonColumn(parametersAllTasks, "parameters, all tasks") {
            count($0.parameters?.adapterAllTasks)
        },
        ComparisonColumn("headsAllTasks", "heads, all tasks") { count($0.parameters?.headsAllTasks) },
        ComparisonColumn("operationsFrozen", "forward FLOPs per token") {
            $0.parameters?.operationsPerToken?.frozen
        },
        ComparisonColumn(operationsAdded, "extra FLOPs per token") {
            $0.parameters?.operationsPerToken?.added
        },
        ComparisonColumn("percentOperationsAdded", "extra FLOPs, %", digits: 3) {
            $0.parameters?.operationsPerToken.flatMap { $0.frozen > 0 ? 100 * $0.added / $0.frozen : nil }
        },
        ComparisonColumn(adapterBytes, "adapter file, bytes") { _ in nil },
        ComparisonColumn("meanCosine", "mean cosine of tasks", digits: 3) {
            agreement($0)?.meanCosine
        },
        ComparisonColumn("meanCorrectedCosine", "cosine without noise", digits: 3) {
            agreement($0)?.meanCorrectedCosine
        },
        ComparisonColumn(bytesPerStep, bytesPerStepName) { count($0.bytesPerStep) },
        ComparisonColumn(secondsPerStep, "seconds per step", digits: 4) { _ in nil },
        ComparisonColumn("gradientRatio", "‖gradient‖ / ‖sum‖", digits: 3) { effect($0)?.gradient.ratio },
        ComparisonColumn("gradientCosine", "cos(gradient, sum)", digits: 3) { effect($0)?.gradient.cosine },
        ComparisonColumn("updateRatio", "‖update‖ / ‖sum's‖", digits: 3) { effect($0)?.update.ratio },
        ComparisonColumn("updateCosine", "cos(update, sum's)", digits: 3) { effect($0)?.update.cosine },
        ComparisonColumn("steps", "steps") { count($0.steps) },
        ComparisonColumn("seconds", "total seconds", digits: 1) { $0.seconds },
    ]

    private init(
        _ key: String, _ name: String, digits: Int? = nil,
        find: @escaping @Sendable (RunResults) -> Double?
    ) {
        (self.key, self.name, self.digits, self.find) = (key, name, digits, find)
    }

    /// The agreement of tasks on all that they share, in the last stage that measured it.
    private static func agreement(_ results: RunResults) -> TaskAgreement.Part? {
        results.stages.last { $0.agreement != nil }?.agreement?.whole.all
    }

    /// Of the last stage that combined gradients by a rule or by weights.
    private static func effect(_ results: RunResults) -> CombinationEffect? {
        results.stages.compactMap(\.effect).last
    }

    private static func count(_ value: Int?) -> Double? { value.map { Double($0) } }
}
