// The secret of an invitation stands after #: into the form, out of the address, and sent as a post.
const secret = location.hash.slice(1);
const form = document.getElementById("invited");
if (secret && form) {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.token.value = secret;
  form.requestSubmit();
}
