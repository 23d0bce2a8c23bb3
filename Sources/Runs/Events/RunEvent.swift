package import Diagnostics

/// What happens in a run, as the coordinator tells it to whoever records or shows it.
package enum RunEvent: Sendable {
    /// A run begins, or goes on from a checkpoint (`resumedFrom`).
    case began(RunFacts, resumedFrom: Int?)
    /// Something that the user should know, but that stops nothing.
    case warned(Failure)
    /// A stage begins.
    case stage(name: String, steps: Int)
    /// Adapters were pruned, before they are trained.
    case pruned(PruningReport)
    /// The activation cache was allocated, or not, and read from a folder where an earlier run stored it.
    case cache(ActivationCacheReport)
    /// Pooled vectors were computed: how many chunks of how many.
    case pooled(done: Int, of: Int)
    /// An optimizer step was taken.
    case step(StepReport)
    /// Tasks were scored.
    case evaluated(EvaluationReport)
    /// State was saved.
    case checkpoint(step: Int)
    /// Ranks wait for one that makes no progress; the watch has told the user.
    case stalled(String)
    /// The run ends; how evenly its ranks worked.
    case balance(RankBalance)
    /// The run has ended; what one of the ranks did when. They come in the order of the ranks, up to the last.
    case timeline(Timeline, isLast: Bool)
    /// A stage ended; its scores with the kept state.
    case stageEnded(StageResult)
    /// The run is done; its results, without what it cost.
    case finished(RunResults)
    /// The run stopped on request after a checkpoint of this step.
    case stopped(step: Int)
}
