import CMPI
import Diagnostics
import Foundation

/// The life of MPI in this process.
package enum MPI {
    /// Starts MPI, runs `body` on the world, ends MPI and exits with the code that `body` returned.
    ///
    /// An error that leaves `body`, on any rank, ends the whole job with one message on standard error and
    /// the failure's exit code (4 for an error that is not a `Failure`): see ``Ending``. A world that is not
    /// what the launcher started is refused before `body` runs: see ``LaunchEnvironment``.
    package static func run(_ body: (MPICommunicator) throws -> Int32) -> Never {
        let launched = LaunchEnvironment.current  // before MPI_Init, which writes variables of its own
        do {
            var provided = cmpi_thread.single
            try check(cmpi_init(.serialized, &provided), "start")
            guard provided.rawValue >= cmpi_thread.funneled.rawValue else {
                throw Failure(
                    .rank, "this MPI allows no second thread, and each rank has one that watches for stalls",
                    remedy: "use an Open MPI that was built with thread support")
            }
        } catch {
            report(error, from: nil)
            exit(exitCode(of: error))
        }
        do {
            let unwatched = try MPICommunicator(
                cmpi_world(), waitPolicy: .spin, counter: StatisticsCounter())
            var failureLine = cmpi_comm()
            try check(cmpi_comm_dup(unwatched.raw, &failureLine), "duplicate")
            let watch = try StallWatch.start(unwatched)
            let world = try MPICommunicator(
                cmpi_world(), waitPolicy: .spin, counter: StatisticsCounter(), watch: watch)
            let ending = Ending(
                line: failureLine, rank: world.rank, size: world.size, launched: launched, watch: watch)
            do {
                try launched.check(worldSize: world.size)
                let code = try body(world)
                fflush(nil)
                watch?.enter(.finishing, step: 0)
                try world.free()
                watch?.arrive(at: MonotonicClock.seconds)
                try check(cmpi_finalize(), "finish")
                watch?.leave(at: MonotonicClock.seconds)
                watch?.settle()
                exit(code)
            } catch {
                ending.end(with: error)
            }
        } catch {
            report(error, from: nil)
            cmpi_abort(cmpi_world(), exitCode(of: error))
        }
    }

    /// What the MPI library calls itself.
    package static var libraryVersion: String {
        var text = [CChar](repeating: 0, count: 1024)
        cmpi_library_version(&text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The exit code that stands for an error.
func exitCode(of error: any Error) -> Int32 {
    (error as? Failure)?.kind.rawValue ?? Failure.Kind.rank.rawValue
}

/// Tells the user about an error, in one line.
func report(_ error: any Error, from rank: Int?) {
    writeToStandardError("hadamesh: \(rank.map { "rank \($0): " } ?? "")\(error)\n")
}
