// Where the states stand in the diagram, and which way each arrow goes. What there is, and why,
// comes from the engine; a transition without a route is drawn as a straight line.

const wide = {
  width: 940, height: 418, box: [128, 46],
  centers: {
    idle: [84, 64], opening: [310, 64], open: [580, 64], closing: [856, 64],
    waiting: [580, 232], stopped: [580, 374],
  },
  routes: {
    "idle opening": { points: [[148, 64], [246, 64]], label: [197, 55], columns: 12 },
    "opening open": { points: [[374, 64], [516, 64]], label: [445, 55], columns: 18 },
    "opening waiting": { points: [[320, 87], [320, 243], [516, 243]], label: [418, 260], columns: 24, below: true },
    "opening stopped": { points: [[290, 87], [290, 363], [516, 363]], label: [404, 354], columns: 30 },
    "open closing": { points: [[644, 64], [792, 64]], label: [718, 55], columns: 18 },
    "closing waiting": { points: [[840, 87], [840, 232], [644, 232]], label: [742, 223], columns: 26 },
    "closing stopped": { points: [[872, 87], [872, 374], [644, 374]], label: [758, 365], columns: 26 },
    "waiting opening": { points: [[516, 221], [350, 221], [350, 87]], label: [433, 212], columns: 26 },
    "waiting stopped": { points: [[580, 255], [580, 351]], label: [590, 308], columns: 12, anchor: "start" },
    "stopped opening": { points: [[516, 385], [260, 385], [260, 87]], label: [388, 402], columns: 26, below: true },
  },
};

const medium = {
  width: 640, height: 390, box: [112, 42],
  centers: {
    idle: [70, 62], opening: [240, 62], open: [410, 62], closing: [570, 62],
    waiting: [410, 222], stopped: [410, 352],
  },
  routes: {
    "idle opening": { points: [[126, 62], [184, 62]], label: [155, 53], columns: 9 },
    "opening open": { points: [[296, 62], [354, 62]], label: [325, 53], columns: 9 },
    "open closing": { points: [[466, 62], [514, 62]], label: [462, 104], columns: 22, below: true },
    "opening waiting": { points: [[250, 83], [250, 233], [354, 233]], label: [258, 260], columns: 16, below: true, anchor: "start" },
    "opening stopped": { points: [[224, 83], [224, 342], [354, 342]], label: [290, 334], columns: 18 },
    "closing waiting": { points: [[558, 83], [558, 222], [466, 222]], label: [512, 213], columns: 14 },
    "closing stopped": { points: [[582, 83], [582, 352], [466, 352]], label: [524, 343], columns: 16 },
    "waiting opening": { points: [[354, 211], [276, 211], [276, 83]], label: [284, 202], columns: 10, anchor: "start" },
    "waiting stopped": { points: [[410, 243], [410, 331]], label: [418, 291], columns: 12, anchor: "start" },
    "stopped opening": { points: [[354, 362], [198, 362], [198, 83]], label: [276, 379], columns: 20, below: true },
  },
};

const narrow = {
  small: true, width: 360, height: 392, box: [112, 42],
  centers: {
    idle: [72, 32], opening: [72, 142], open: [288, 32], closing: [288, 142],
    waiting: [180, 248], stopped: [180, 358],
  },
  routes: {
    "idle opening": { points: [[72, 53], [72, 121]] },
    "opening open": { points: [[128, 142], [180, 142], [180, 32], [232, 32]] },
    "open closing": { points: [[288, 53], [288, 121]] },
    "closing waiting": { points: [[272, 163], [272, 248], [236, 248]] },
    "closing stopped": { points: [[304, 163], [304, 358], [236, 358]] },
    "waiting opening": { points: [[124, 240], [104, 240], [104, 163]] },
    "opening waiting": { points: [[80, 163], [80, 256], [124, 256]] },
    "opening stopped": { points: [[56, 163], [56, 350], [124, 350]] },
    "stopped opening": { points: [[124, 366], [32, 366], [32, 163]] },
    "waiting stopped": { points: [[180, 269], [180, 337]] },
  },
};

/** The layout for a width in pixels. */
export const layoutFor = (width) => (width < 480 ? narrow : width < 780 ? medium : wide);
