package import Diagnostics

/// An event of a run, which the coordinator reports to its observers.
package enum RunEvent: Sendable {
    /// The run began, or resumed from a checkpoint.
    case began(RunFacts, resumedFrom: Int?)
    /// The user should know of a problem that does not end the run.
    case warned(Failure)
    /// A stage began.
    case stage(name: StageName, steps: Int)
    /// Rank 0 computed some of its own micro-batches of a pruning score.
    case scoring(done: Int, of: Int)
    /// The adapters were pruned, before their training.
    case pruned(PruningReport)
    /// The activation cache was planned, allocated, and filled from an earlier run's folder if there is one.
    case cache(ActivationCacheReport)
    /// Chunks of pooled vectors were computed.
    case pooled(done: Int, of: Int)
    case step(StepReport)
    /// Rank 0 computed some of its own micro-batches of an evaluation or, if it computes none, was told how
    /// many the others have.
    case evaluating(done: Int, of: Int)
    case evaluated(EvaluationReport)
    /// A checkpoint was written.
    case checkpoint(step: Int)
    /// A rank makes no progress; the watch has already printed this line.
    case stalled(String)
    /// The ranks' load balance, at the end of the run.
    case balance(RankBalance)
    /// A rank's timeline, at the end of the run; one event per rank, in order.
    case timeline(Timeline, isLast: Bool)
    case stageEnded(StageResult)
    /// The run finished; the results still lack its cost.
    case finished(RunResults)
    /// The run stopped on request, after the checkpoint of this step.
    case stopped(step: Int)
}
