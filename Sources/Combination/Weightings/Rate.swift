import Diagnostics

/// p = T · softmax(r / τ), where r_t is the ratio of a task's mean losses in the last two epochs.
///
/// An epoch is as many steps of the stage as draw the number of all tasks' training examples. All weights are
/// 1 until each task of the step has two epochs. A loss of 0 two epochs ago gives the ratio 1.
struct Rate: LossWeighting {
    static let name = "rate"
    static let summary = "favours tasks whose loss fell least in the last epoch (dynamic weight average)"
    static let source =
        "Liu, Johns and Davison, End-to-End Multi-Task Learning with Attention, 2019 (arXiv 1803.10704)"
    static let keys = [MethodKey("temperature", \Rate.temperature, in: 1e-3...1e6, "τ of the softmax")]
    var temperature = 2.0
    var start: [Double] { History().numbers }

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] {
        let ratios = tasks.losses.indices.map { task -> Double? in
            var history = History(memory[task])
            history.begin(tasks.epoch)
            history.add(tasks.losses[task])
            memory[task] = history.numbers
            return history.ratio
        }
        let known = ratios.compactMap(\.self)
        guard known.count == ratios.count else { return ratios.map { _ in 1 } }
        return softmax(known.map { $0 / temperature }).map { $0 * Double(tasks.count) }
    }

    /// A task's losses: the sum over the steps of an epoch, and the means of the two epochs before it.
    private struct History {
        var epoch = 0.0
        var sum = 0.0
        var steps = 0.0
        /// The number of known means, up to 2.
        var known = 0.0
        var newer = 0.0
        var older = 0.0

        init() {}

        init(_ numbers: [Double]) {
            (epoch, sum, steps) = (numbers[0], numbers[1], numbers[2])
            (known, newer, older) = (numbers[3], numbers[4], numbers[5])
        }

        var numbers: [Double] { [epoch, sum, steps, known, newer, older] }

        /// The ratio of the last two epochs' means; nil before there are two.
        var ratio: Double? { known < 2 ? nil : older > 0 ? newer / older : 1 }

        mutating func begin(_ current: Int) {
            if Double(current) > epoch, steps > 0 {
                (older, newer) = (newer, sum / steps)
                known = min(2, known + 1)
                (sum, steps) = (0, 0)
            }
            epoch = Double(current)
        }

        mutating func add(_ loss: Double) {
            sum += loss
            steps += 1
        }
    }
}
