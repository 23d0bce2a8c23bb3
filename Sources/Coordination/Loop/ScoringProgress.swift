import Runs

/// The progress of a rank through the micro-batches that score the entries of adapters.
final class ScoringProgress {
    private let output: RunOutput?
    private let total: Int
    private var done = 0

    /// `total` counts a micro-batch of this rank once for each time that its gradient is computed.
    init(of total: Int, reportingTo output: RunOutput?) throws {
        (self.output, self.total) = (output, total)
        try output?.observe(.scoring(done: 0, of: total))
    }

    func microBatchDone() throws {
        done += 1
        try output?.observe(.scoring(done: done, of: total))
    }
}
