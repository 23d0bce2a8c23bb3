import CMPI
import Diagnostics
import Foundation

/// How a job ends after an error: once told, promptly, with the failure's exit code on every route.
///
/// A rank that fails tells all others on a communicator of its own, and listens for a moment whether they
/// failed too. Bad input usually fails alike everywhere; then the lowest rank alone tells it. When every
/// rank has failed, all shut MPI down in order, which needs no abort; when some still work or wait in a
/// collective, MPI must kill them.
struct Ending {
    /// The communicator for news of failures, which no other traffic uses.
    let line: cmpi_comm
    let rank: Int
    let size: Int
    let launched: LaunchEnvironment
    /// Ends the job where another rank stalls while all shut down.
    let watch: StallWatch?

    /// How long a failed rank waits for the others' news, in seconds.
    private static let patience = 0.3

    func end(with error: any Error) -> Never {
        let own = FailureNotice(error)
        let known = exchange(own)
        let verdict = FailureVerdict(rank: rank, size: size, notices: known)
        if verdict.tells && isFirstOfSingletons { report(error, from: verdict.namesRank ? rank : nil) }
        fflush(nil)  // an abort kills the process before its buffers would be written
        if verdict.everyRankFailed {
            watch?.enter(.finishing, step: 0)
            watch?.arrive(at: MonotonicClock.seconds)
            // The launcher ends all processes at the first bad exit: let the one that tells be done first.
            if size > 1 { _ = cmpi_barrier(line) }
            _ = cmpi_finalize()
            exit(verdict.code)
        }
        if !verdict.tells {
            // A lower rank is telling the same and will end this process; were it lost, this one would tell.
            usleep(1_000_000)
            report(error, from: rank)
        }
        cmpi_abort(cmpi_world(), verdict.code)
    }

    /// Where one launch became several lone processes, only the first of them speaks.
    private var isFirstOfSingletons: Bool { size > 1 || launched.processNumber == 0 }

    /// What is known, by rank, once all have failed or the patience is over.
    private func exchange(_ own: FailureNotice) -> [Int: FailureNotice] {
        var known = [rank: own]
        let words = [own.fingerprint, Int64(own.code)]
        // Kept until the process ends: an unfinished send must not lose its buffer.
        let outgoing = UnsafeMutableBufferPointer<Int64>.allocate(capacity: words.count)
        _ = outgoing.initialize(from: words)
        for other in 0..<size where other != rank {
            var request = cmpi_request()
            guard cmpi_isend(outgoing.baseAddress, 2, .i64, Int32(other), 0, line, &request) == 0 else {
                continue
            }
        }
        let deadline = MonotonicClock.seconds + Self.patience
        while known.count < size {
            var found: Int32 = 0
            var status = cmpi_status()
            guard cmpi_iprobe(cmpi_any_source, 0, .i64, line, &found, &status) == 0 else { break }
            if found == 0 {
                if MonotonicClock.seconds > deadline { break }
                usleep(1_000)
                continue
            }
            var incoming: [Int64] = [0, 0]
            guard cmpi_receive(&incoming, 2, .i64, status.source, 0, line, &status) == 0 else { break }
            known[Int(status.source)] = FailureNotice(
                fingerprint: incoming[0], code: Int32(truncatingIfNeeded: incoming[1]))
        }
        return known
    }
}

/// A failure as other ranks hear of it.
struct FailureNotice: Equatable {
    /// A hash of the message, equal where the message is.
    let fingerprint: Int64
    let code: Int32
}

extension FailureNotice {
    init(_ error: any Error) {
        // FNV-1a: Swift's own hashes differ from process to process.
        let hash = "\(error)".utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        self.init(fingerprint: Int64(bitPattern: hash), code: exitCode(of: error))
    }
}

/// What a failed rank does, given what it knows of the others.
struct FailureVerdict: Equatable {
    /// Whether this rank tells its failure: the lowest of those that failed alike does.
    let tells: Bool
    /// Whether the message must say which rank it comes from.
    let namesRank: Bool
    /// Whether no rank is left that would have to be stopped.
    let everyRankFailed: Bool
    /// The exit code of the job: the lowest failed rank's.
    let code: Int32

    init(rank: Int, size: Int, notices: [Int: FailureNotice]) {
        let own = notices[rank]
        everyRankFailed = notices.count == size
        tells = !notices.contains { $0.key < rank && $0.value == own }
        namesRank = !(everyRankFailed && notices.values.allSatisfy { $0 == own })
        code = notices.min { $0.key < $1.key }?.value.code ?? Failure.Kind.rank.rawValue
    }
}
