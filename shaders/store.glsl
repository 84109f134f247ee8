// Writes a splat's attribute planes, as shared.h lays them out. Wants the buffers geometry0 and 1, sh0 to 3,
// and constants.stride.
void store_geometry(uint plane, uint i, float v) {
    if (plane < kPlanesPerBuffer)
        geometry0[plane * constants.stride + i] = v;
    else
        geometry1[(plane - kPlanesPerBuffer) * constants.stride + i] = v;
}

void store_sh(uint plane, uint i, uint word) {
    const uint at = plane % kPlanesPerBuffer * constants.stride + i;
    switch (plane / kPlanesPerBuffer) {
        case 0: sh0[at] = word; break;
        case 1: sh1[at] = word; break;
        case 2: sh2[at] = word; break;
        default: sh3[at] = word; break;
    }
}
