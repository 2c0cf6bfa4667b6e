// What the page does without the server: size limit, choice of the face, camera.
(() => {
  const MAX_BYTES = 20e6;  // as fer3d.app.photo
  const FULL_HD = {width: {ideal: 1280}, height: {ideal: 720}, facingMode: "user"};
  const byId = (id) => document.getElementById(id);
  const unchanged = () => window.dash_clientside.no_update;

  const photo = (contents) => {
    const bytes = 0.75 * (contents.length - contents.indexOf(","));
    return bytes > MAX_BYTES ? {problem: "The file is larger than 20 MB."} : {contents};
  };

  const show = (id, shown) => { byId(id).hidden = !shown; };
  let stream = null;

  const startCamera = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({video: FULL_HD});
    } catch (error) {
      const problem = `The camera cannot be used: ${error.message}.`;
      window.dash_clientside.set_props("photo", {data: {problem}});
      return;
    }
    byId("camera-video").srcObject = stream;
    show("camera", true);
    show("camera-start", false);
  };

  const stopCamera = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    show("camera", false);
    show("camera-start", true);
  };

  const takePhoto = () => {
    const video = byId("camera-video");
    if (!video.videoWidth) return;
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    window.dash_clientside.set_props("photo", {data: photo(canvas.toDataURL("image/png"))});
    stopCamera();
  };

  const BUTTONS = {
    "camera-start": startCamera, "camera-take": takePhoto, "camera-stop": stopCamera,
  };
  document.addEventListener("click", (event) => BUTTONS[event.target.id]?.());

  // browsers lend the camera only to pages of this machine and of encrypted connections
  new MutationObserver((_, observer) => {
    if (!byId("camera-start")) return;
    observer.disconnect();
    show("camera-start", Boolean(navigator.mediaDevices));
  }).observe(document, {childList: true, subtree: true});

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    app: {
      chosen: (contents) => (contents ? photo(contents) : unchanged()),
      picked: (faces, pictures, number) => {
        if (!faces || number === null || number === undefined) return Array(3).fill(unchanged());
        return [faces[number], pictures.aligned[number], pictures.shading[number]];
      },
      drawn: (pictures, parts) => (
        pictures ? pictures[parts.includes("mesh") ? "mesh" : "plain"] : unchanged()
      ),
    },
  });
})();
