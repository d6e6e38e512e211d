// What shoppers see. Parley makes the element, with the feature's key as attribute `feature`, and hands it request(method, path, body),
// which speaks to Parley as this shopper, and track(event, properties).
class Widget extends HTMLElement {
  connectedCallback() {
    const button = document.createElement('button');
    button.textContent = 'Say hello';
    button.onclick = async () => {
      const answer = await this.request('POST', `/v1/features/${this.getAttribute('feature')}/greetings`, {});
      const { words, count } = await answer.json();
      button.textContent = answer.ok ? `${words}! (${count})` : 'Not now, please try again';
    };
    this.replaceChildren(button);
  }
}
if (!customElements.get('parley-@NAME@')) customElements.define('parley-@NAME@', Widget);
