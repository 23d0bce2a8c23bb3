/// Draws tasks one after the other, each as often as its probabilities ask for, to within one draw.
///
/// With probabilities p_t(k), task t is due r_t(k) = Σ p_t draws after draw k. Its n-th draw has a window:
/// it opens at the first k with r_t(k) > n − 1 and closes at the first with r_t(k) ≥ n. A draw inside
/// its window keeps |had − due| < 1. Of the open windows, the one that closes first is served; among
/// equals, that of the first task. Fractions p_t(k) of a draw fill all windows, so whole draws can (a
/// bipartite matching), and serving the earliest deadline finds them: if the probabilities ahead are known,
/// no window is ever missed (Baruah et al., "Proportionate progress", 1996; Tijdeman, "The chairman
/// assignment problem", 1980).
///
/// If they change unforeseen, because a task stops or the sampler is adaptive, then with more than three
/// tasks no rule can keep every window: the tasks with the fewest draws may get all of the probability. The
/// most overdue task is then drawn first, which keeps due − had below 1 + 1/2 + … + 1/(T − 1) for T
/// tasks. A task that stops leaves what it was due, so then had − due may exceed 1 by as much.
struct TaskQuota {
    /// By task, the draws that it was due so far, less those that it had.
    var lags: [Double]

    /// Rounding must neither open a window nor keep it open for another draw.
    private static let tolerance = 1e-9

    /// The task of the next draw; `draws` is the number of draws, from this one on, in which a task becomes
    /// due an amount.
    mutating func next(
        _ probabilities: [Double], active: [Bool], draws: (_ amount: Double, _ task: Int) -> Double
    ) -> Int {
        // A task whose probability is now 0 may still be due a draw.
        let tasks = active.indices.filter { active[$0] }
        // How long a task can wait after this draw.
        let waits = tasks.map { task in
            lags[task] >= 1 - probabilities[task] ? 0 : draws(1 - lags[task], task) - 1
        }
        for (task, probability) in probabilities.enumerated() { lags[task] += probability }
        let open = tasks.indices.filter { lags[tasks[$0]] > Self.tolerance }
        let first = open.min { a, b in
            waits[a] == 0 && waits[b] == 0
                ? lags[tasks[a]] > lags[tasks[b]] + Self.tolerance : waits[a] < waits[b]
        }
        // With no window open, the task that is the least ahead.
        let chosen = first.map { tasks[$0] } ?? tasks.max { lags[$0] < lags[$1] } ?? 0
        lags[chosen] -= 1
        return chosen
    }

    /// The draws in which a task with a constant probability becomes due an amount.
    static func draws(_ amount: Double, _ probability: Double) -> Double {
        max(1, (amount / probability - tolerance).rounded(.up))
    }
}
