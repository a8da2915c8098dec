/** On every response, of traffic and of everything else: nobody is to take this for the real gateway. */
export const TEST_DOUBLE_HEADER = 'x-weir-test-double';
export const TEST_DOUBLE_TEXT = 'local gateway of the sandbox, not Emissary';
