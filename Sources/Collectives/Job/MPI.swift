import CMPI
import Diagnostics
import Foundation

/// Starting and finalizing MPI in this process.
package enum MPI {
    /// Initializes MPI, runs `body` on the world, finalizes MPI and exits with the code that `body` returned.
    ///
    /// An error thrown by `body` on any rank ends the whole job with one message on standard error and the
    /// failure's exit code (4 for an error that is not a `Failure`): see ``JobFailure``. If the world's size
    /// differs from the launcher's, the job fails before `body` runs: see ``LaunchEnvironment``.
    package static func run(_ body: (MPICommunicator) throws -> Int32) -> Never {
        let launched = LaunchEnvironment.current  // before MPI_Init, which sets variables of its own
        do {
            var provided = cmpi_thread.single
            try check(cmpi_init(.serialized, &provided), "start")
            guard provided.rawValue >= cmpi_thread.funneled.rawValue else {
                throw Failure(
                    .rank,
                    "this MPI library does not support threads, which every rank needs to detect stalls",
                    remedy: "use an Open MPI built with thread support")
            }
        } catch {
            report(error, from: nil)
            exit(exitCode(of: error))
        }
        do {
            let unwatched = try MPICommunicator(
                cmpi_world(), waitPolicy: .spin, counter: CommunicationStatistics.Counter())
            var failureChannel = cmpi_comm()
            try check(cmpi_comm_dup(unwatched.raw, &failureChannel), "duplicate")
            let watch = try StallWatch.start(unwatched)
            try unwatched.free()
            let world = try MPICommunicator(
                cmpi_world(), waitPolicy: .spin, counter: CommunicationStatistics.Counter(), watch: watch)
            let failure = JobFailure(
                channel: failureChannel, rank: world.rank, size: world.size, launched: launched, watch: watch)
            do {
                try launched.check(worldSize: world.size)
                let code = try body(world)
                fflush(nil)
                watch?.enter(.finishing, step: 0)
                try world.free()
                watch?.arrive(at: MonotonicClock.seconds)
                try check(cmpi_finalize(), "finish")
                watch?.leave(at: MonotonicClock.seconds)
                watch?.closeWarning()
                exit(code)
            } catch {
                failure.endJob(with: error)
            }
        } catch {
            report(error, from: nil)
            cmpi_abort(cmpi_world(), exitCode(of: error))
        }
    }

    /// The name and version of the MPI library.
    package static var libraryVersion: String {
        var text = [CChar](repeating: 0, count: 1024)
        cmpi_library_version(&text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

func exitCode(of error: any Error) -> Int32 {
    (error as? Failure)?.kind.rawValue ?? Failure.Kind.rank.rawValue
}

/// Prints an error to standard error, on one line.
func report(_ error: any Error, from rank: Int?) {
    StandardError.say("hadamesh: \(rank.map { "rank \($0): " } ?? "")\(error)")
}
