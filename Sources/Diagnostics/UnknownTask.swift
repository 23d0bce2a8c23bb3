/// Refuses the first of the names in a setting that is not one of a study's tasks; `place` is its key.
package func requireTasks(_ names: some Sequence<String>, among tasks: [String], at place: String) throws {
    guard let unknown = names.sorted().first(where: { !tasks.contains($0) }) else { return }
    throw Failure.usage(
        "has '\(unknown)', which is not a task of the study", at: place,
        remedy: didYouMean(unknown, among: tasks))
}
