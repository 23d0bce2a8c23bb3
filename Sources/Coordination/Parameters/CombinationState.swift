import Training

/// The part of the training state that a combination reads, and the memory that it changes.
struct CombinationState {
    /// The steps of the run, and of the stage, before this one.
    let step: Int
    let stageStep: Int
    /// The epoch of the stage, from 0.
    let epoch: Int
    /// The mean loss of each row's task.
    let losses: [Double]
    /// The parameters that pruning kept.
    let mask: ParameterMask?
    var memory: CombinationMemory
}
