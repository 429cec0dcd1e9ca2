// There is no system keychain in a test. When it throws, the command line keeps its session in a
// file, as its manual says.
async function none() {
    throw new Error('no keychain here');
}
exports.getPassword = none;
exports.setPassword = none;
exports.deletePassword = none;
