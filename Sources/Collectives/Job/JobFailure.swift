import CMPI
import Diagnostics
import Foundation

/// Ends the job after an error: promptly, with one message, and always with the failure's exit code.
///
/// A failed rank notifies all others on a dedicated communicator and waits briefly for their notices. Bad
/// input usually fails alike on all ranks; then only the lowest rank reports it. If every rank has failed,
/// all finalize MPI; if some still work or wait in a collective, MPI must abort them.
struct JobFailure {
    /// A communicator used only for failure notices.
    let channel: cmpi_comm
    let rank: Int
    let size: Int
    let launched: LaunchEnvironment
    /// Ends the job if another rank stalls during shutdown.
    let watch: StallWatch?

    /// Seconds that a failed rank waits for the others' notices.
    private static let timeout = 0.3

    func endJob(with error: any Error) -> Never {
        let notices = exchange(Notice(error))
        let verdict = Verdict(rank: rank, size: size, notices: notices)
        if verdict.reports && isFirstOfSingletons { report(error, from: verdict.namesRank ? rank : nil) }
        fflush(nil)  // an abort would discard buffered output
        if verdict.everyRankFailed {
            watch?.enter(.finishing, step: 0)
            watch?.arrive(at: MonotonicClock.seconds)
            // The launcher kills all processes at the first nonzero exit, so let the reporting rank finish
            // first.
            if size > 1 { _ = cmpi_barrier(channel) }
            _ = cmpi_finalize()
            exit(verdict.code)
        }
        if !verdict.reports {
            // A lower rank reports the same failure and ends this process. If that rank dies, report it here.
            usleep(1_000_000)
            report(error, from: rank)
        }
        cmpi_abort(cmpi_world(), verdict.code)
    }

    /// If one launch became several worlds of one rank, only the first of them reports.
    private var isFirstOfSingletons: Bool { size > 1 || launched.processNumber == 0 }

    /// All notices received, by rank, once every rank has failed or the timeout has passed.
    private func exchange(_ own: Notice) -> [Int: Notice] {
        var notices = [rank: own]
        let encoded = [own.fingerprint, Int64(own.code)]
        // Never freed: the sends may still be in progress when the process exits.
        let outgoing = UnsafeMutableBufferPointer<Int64>.allocate(capacity: encoded.count)
        _ = outgoing.initialize(from: encoded)
        for other in 0..<size where other != rank {
            var request = cmpi_request()
            _ = cmpi_isend(outgoing.baseAddress, 2, .i64, Int32(other), 0, channel, &request)
        }
        let deadline = MonotonicClock.seconds + Self.timeout
        while notices.count < size {
            var found: Int32 = 0
            var status = cmpi_status()
            guard cmpi_iprobe(cmpi_any_source, 0, .i64, channel, &found, &status) == 0 else { break }
            if found == 0 {
                if MonotonicClock.seconds > deadline { break }
                usleep(1_000)
                continue
            }
            var incoming: [Int64] = [0, 0]
            guard cmpi_receive(&incoming, 2, .i64, status.source, 0, channel, &status) == 0 else { break }
            notices[Int(status.source)] = Notice(
                fingerprint: incoming[0], code: Int32(truncatingIfNeeded: incoming[1]))
        }
        return notices
    }

    /// A rank's failure as sent to the other ranks.
    struct Notice: Equatable {
        /// A hash of the message.
        let fingerprint: Int64
        let code: Int32
    }

    /// A failed rank's course of action, from the notices it has received.
    struct Verdict: Equatable {
        /// Whether this rank reports its failure: the lowest of the ranks that failed alike does.
        let reports: Bool
        /// Whether the message must name the rank.
        let namesRank: Bool
        /// Whether no rank is left to abort.
        let everyRankFailed: Bool
        /// The job's exit code: that of the lowest failed rank.
        let code: Int32

        init(rank: Int, size: Int, notices: [Int: Notice]) {
            let own = notices[rank]
            everyRankFailed = notices.count == size
            reports = !notices.contains { $0.key < rank && $0.value == own }
            namesRank = !(everyRankFailed && notices.values.allSatisfy { $0 == own })
            code = notices.min { $0.key < $1.key }?.value.code ?? Failure.Kind.rank.rawValue
        }
    }
}

extension JobFailure.Notice {
    init(_ error: any Error) {
        self.init(fingerprint: Int64(bitPattern: FNV1a.hash("\(error)")), code: exitCode(of: error))
    }
}
