/// A rank's progress when its slot of the board was read.
package struct RankSnapshot: Equatable, Sendable {
    /// The rank in its world, and its process id.
    package var rank: Int, process: Int32
    /// The phase, the number of steps taken before it, and the micro-batch, from 1.
    package var phase: RankPhase, step: Int, microBatch: Int
    /// The number of collectives it has entered, and whether it is still inside the last one.
    package var calls: Int, isInCall: Bool
    /// The time of its last progress.
    package var since: Double
    /// The time at which its process was last seen running.
    package var beat: Double
    /// Whether it is saving the state before the job ends.
    package var isSaving = false
    /// The ranks of its collectives.
    package var group = RankGroup.world

    package init(
        rank: Int, process: Int32, phase: RankPhase, step: Int, microBatch: Int, calls: Int, isInCall: Bool,
        since: Double, beat: Double, isSaving: Bool = false, group: RankGroup = .world
    ) {
        self.rank = rank
        self.process = process
        self.phase = phase
        self.step = step
        self.microBatch = microBatch
        self.calls = calls
        self.isInCall = isInCall
        self.since = since
        self.beat = beat
        self.isSaving = isSaving
        self.group = group
    }

    /// Its position in the run, as text.
    package var position: String { phase.description(step: step, microBatch: microBatch) }
    /// The position of the collective that it is in, as text.
    package var callPosition: String { phase.description(step: step, microBatch: 0) }
}
