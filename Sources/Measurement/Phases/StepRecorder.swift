import Adapters
package import Collectives
package import Coordination
import Diagnostics
package import Kernels
package import Runs
import Studies

/// Measures the ``StepParts`` of a run, as an observer on the coordinator's rank.
///
/// It measures the adapter stage after the first pass, which fills the caches. It reads the operator clock
/// without resetting it, so it must precede a ``PhaseRecorder`` in the list of observers.
package final class StepRecorder: RunObserver {
    private struct Sample {
        /// The cost of each micro-batch, as counted by the assignment.
        let costs: [Double]
        /// Seconds of the step, and per unit of cost.
        let seconds, secondsPerCost: Double
        let update, planning: Double
        /// Seconds of collective calls, without waiting.
        let transfers: Double
    }

    private let clock: OperatorClock
    private let context: RunContext
    private let communicator: any Communicator
    private let computing: [Int]
    private let firstStep: Int
    private var samples: [Sample] = []
    private var messages = StepParts.Messages(directive: 0, exponents: 0, sums: 0)
    private var last = MonotonicClock.seconds
    private var used = CommunicationStatistics()

    /// Throws a failure if the world has more ranks than a step has micro-batches.
    package init(
        _ clock: OperatorClock, _ context: RunContext, _ communicator: any Communicator, stepsPerPass: Int
    ) throws {
        (self.clock, self.context, self.communicator) = (clock, context, communicator)
        computing = try context.computingRanks(of: communicator.size)
        firstStep = stepsPerPass + 1
    }

    package func observe(_ event: RunEvent) throws {
        if case .step(let report) = event, report.stage == .adapter, report.stageStep >= firstStep {
            add(report)
        }
        used = communicator.statistics
        last = MonotonicClock.seconds
    }

    private func add(_ report: StepReport) {
        let seconds = MonotonicClock.seconds - last
        let communication = communicator.statistics.since(used)
        let tasks = report.microBatches.compactMap { context.names.firstIndex(of: $0.task) }
        let costs = zip(tasks, report.microBatches).map { cost(of: $1.examples, in: context.data[$0].train) }
        let update = [Operator.optimizer, .agreement].reduce(0) { $0 + (clock.times[$1]?.seconds ?? 0) }
        let planning = clock.times[.planning]?.seconds ?? 0
        var loads = [Double](repeating: 0, count: communicator.size)
        for (cost, rank) in zip(costs, assign(costs: costs, to: computing)) { loads[rank] += cost }
        // A dedicated coordinator waits while the most loaded rank computes.
        let isDedicated = computing.first != 0
        let own = isDedicated ? loads.max() ?? 0 : loads[0]
        let computed =
            isDedicated ? communication.secondsWaiting : seconds - communication.seconds - update - planning
        guard own > 0, tasks.count == report.microBatches.count else { return }
        samples.append(
            Sample(
                costs: costs, seconds: seconds, secondsPerCost: max(0, computed) / own, update: update,
                planning: planning, transfers: communication.secondsCommunicating))
        messages = sizes(report, tasks)
    }

    private func sizes(_ report: StepReport, _ tasks: [Int]) -> StepParts.Messages {
        let trainHead = context.study.stages.adapter.trainHead
        let plan = StepPlan(
            zip(tasks, report.microBatches).map { MicroBatch(task: $0, examples: $1.examples) },
            ranks: tasks.map { _ in 0 })
        let blocks = context.store.blocks
        // The first exchange has the same length if the rows are not summed.
        let rows = GradientRows(
            context.store, tasks: plan.tasks, isSummed: true,
            isMeasured: context.study.combination.agreement == .on
        ) {
            trainHead || blocks[$0].slice.kind != .head
        }
        // Besides the losses' maximum there is one more: the request to stop.
        let exponents = ExactSum.exponentBytes(rows.layout, maxima: 1)
        return StepParts.Messages(
            directive: 8 * Directive.step(plan).words.count, exponents: exponents,
            sums: max(0, report.bytes - exponents))
    }

    /// The medians over the steps.
    package var measured: MeasuredStep {
        MeasuredStep(
            ranks: communicator.size, seconds: median(samples.map(\.seconds)),
            transfers: median(samples.map(\.transfers)))
    }

    /// The medians over the steps, and the micro-batches of up to eight of them.
    package var parts: StepParts {
        let secondsPerCost = median(samples.map(\.secondsPerCost))
        return StepParts(
            examples: context.study.batch.examples, microBatch: context.study.batch.microBatch,
            microBatches: samples.prefix(8).map { $0.costs.map { $0 * secondsPerCost } },
            update: median(samples.map(\.update)), planning: median(samples.map(\.planning)),
            messages: messages, isDedicated: context.study.coordinator == .dedicated)
    }

    private func median(_ values: [Double]) -> Double { values.median ?? 0 }
}
