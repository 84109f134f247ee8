// The steps that binning a splat of so many tiles takes; at least one, so that no two start at the same step.
uint work_of(uint tiles) {
    return 1 + (tiles + kSubgroup - 1) / kSubgroup;
}
